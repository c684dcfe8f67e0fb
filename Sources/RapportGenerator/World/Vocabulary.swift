/// The words of the stories. They stand inside JSON strings as they are, escapes included.
enum Vocabulary {
  static let channels: Words = ["web", "web", "app", "web", "phone", "email", "app", "shop"]
  static let departments: Words = ["sales", "service", "logistics", "billing"]
  static let groups: Words = [
    "coffee", "tea", "kitchen", "garden", "books", "toys", "tools", "office", "bath", "light", "bikes", "wine",
  ]
  static let topics: Words = [
    "delivery", "returns", "invoice", "account", "product", "warranty", "price", "login", "delivery", "product",
  ]
  static let wants: Words = ["easy", "access", "solution", "solution", "fast", "fast", "help", "feeling"]
  static let processes: Words = ["track-order", "return-order", "change-address", "reset-password", "download-invoice"]
  static let touchpoints: Words = [
    "shop-web", "shop-app", "hotline", "store-berlin", "store-wien", "helpdesk", "newsletter", "chat", "parcel",
    "invoice",
  ]
  static let networks: Words = ["search", "social", "display", "video"]
  static let wishes: Words = [
    "dark-mode", "refill-packs", "evening-delivery", "repair-service", "gift-wrap", "invoice-by-app", "smaller-sizes",
    "parcel-lockers", "organic-cotton", "spare-parts", "chat-at-night", "one-click-reorder",
  ]
  static let competitors: Words = ["competitor-a", "competitor-b", "competitor-c", "unknown"]
  static let lossReasons: Words = ["price", "service", "quality", "moved", "competitor", "no_need", "delivery"]
  static let questions: Words = ["understands_my_wishes", "keeps_promises", "easy_to_reach", "worth_the_price"]
  static let returnReasons: Words = ["changed_mind", "changed_mind", "wrong", "defective", "not_as_described", "late"]
  static let acquired: Words = ["organic", "organic", "ad", "ad", "referral", "partner", "import"]
  static let frictions: Words = ["waiting", "form", "login", "repeat_myself", "wrong_information", "delivery"]
  static let purposes: Words = [
    "newsletter", "personalised-ads", "orders", "service", "accounting", "analytics",
  ]
  static let bases: Words = [
    "consent", "consent", "contract", "contract", "legal_obligation", "legitimate_interests",
  ]
  static let fields: Words = ["email", "phone", "address", "birth_year", "interests", "size"]
  static let languages: Words = ["de", "de", "en", "fr", "pt"]
  static let metrics: Words = ["nps", "perfect_rate", "first_reply_p50", "closed_loop_rate"]

  // MARK: Personal text

  static let firstNames: Words = [
    "Anna", "J\\u00fcrgen", "Zoë", "Max", "José", "Mary", "Søren", "Łukasz", "Olivia", "Günther", "Camille", "Ayşe",
    "John", "Beatriz", "Noah", "Fran\\u00e7ois",
  ]
  static let lastNames: Words = [
    "Müller", "Smith", "Weiß", "O'Neill", "Gonz\\u00e1lez", "Silva", "Nguyen", "Schröder", "Dubois", "Kowalska",
    "Jones", "Öztürk", "van den Berg", "Steiner", "Rossi", "Brown",
  ]
  static let streets: Words = ["Hauptstra\\u00dfe", "Gartenweg", "Rue de la Paix", "High Street", "Lindengasse"]

  static let openings: Words = [
    "Hello, ", "Dear team, ", "Good morning, ", "Hi,\\n", "", "", "To whom it may concern:\\n\\n", "Thanks, but ",
  ]
  static let openingsGerman: Words = [
    "Guten Tag, ", "Hallo, ", "Sehr geehrte Damen und Herren,\\n", "Moin, ", "", "", "Grüß Gott, ", "Danke, aber ",
  ]
  static let praise: Words = [
    "everything arrived on time and the packaging was lovely.",
    "your colleague on the phone solved it at once \\u2013 thank you!",
    "this is the best coffee maker I have ever had.",
    "great service, I will tell my friends.",
  ]
  static let praiseGerman: Words = [
    "alles pünktlich und schön verpackt angekommen.",
    "Ihre Kollegin hat mir sofort geholfen, vielen Dank!",
    "die Qualität ist wirklich großartig.",
    "gerne wieder, ich empfehle Sie weiter.",
  ]
  static let neutral: Words = [
    "could you tell me when my parcel will be here?",
    "where do I find the invoice for my last order?",
    "is this also available in \\\"midnight blue\\\"?",
    "please change my delivery address.",
    "how do I descale the machine?",
  ]
  static let neutralGerman: Words = [
    "wann kommt denn mein Paket an?",
    "ich bräuchte die Rechnung noch einmal als PDF.",
    "gibt es das auch in der Größe \\\"L\\\"?",
    "bitte ändern Sie meine Lieferadresse.",
    "wie entkalke ich die Maschine?",
  ]
  static let blame: Words = [
    "I have been waiting for two weeks and nobody answers.",
    "the box was open and one part is missing.",
    "I had to explain the same problem to four departments.",
    "you sell \\\"free returns\\\" and then charge me for them.",
  ]
  static let blameGerman: Words = [
    "seit zwei Wochen warte ich, und niemand antwortet.",
    "das Gerät ist defekt und der Karton war aufgerissen.",
    "ich musste mein Problem viermal erklären, das ärgert mich.",
    "Ihre Hotline ist eine Zumutung.",
  ]
  static let replies: Words = [
    "thank you for writing. We are looking into it and come back to you today.",
    "we are sorry for the trouble. A replacement is on its way.",
    "your parcel left our warehouse this morning.",
    "we have corrected the invoice; you will find it in your account.",
  ]
  static let repliesGerman: Words = [
    "vielen Dank für Ihre Nachricht. Wir kümmern uns darum und melden uns heute noch.",
    "das tut uns leid. Ein Ersatzgerät ist unterwegs.",
    "Ihr Paket hat heute früh unser Lager verlassen.",
    "wir haben die Rechnung korrigiert, Sie finden sie in Ihrem Konto.",
  ]
  static let deliveryNotes: Words = [
    "please ring twice", "bei Familie Schröder im 2. Stock abgeben", "leave it behind the garage",
    "Klingel \\\"Weiß\\\"",
  ]
  static let queries: Words = [
    "coffee beans", "espressomaschine", "water filter", "geschenk für mama", "bike lamp", "gr\\u00fcner tee",
    "toner 312", "garden hose 20 m", "lego technic", "weingläser", "return label", "kaffeemühle",
  ]
  static let needs: Words = [
    "coffee for a team of twelve", "a quiet machine for an open kitchen", "fewer deliveries, one invoice",
    "something a left-handed child can use", "ein Geschenk, das vor Freitag ankommt",
  ]
}
