import COpenSSL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The keys of one customer: what seals personal fields, and what keys the hash of their plain content.
///
/// Two keys, so that one use tells nothing about the other.
struct CustomerKey: BitwiseCopyable {
  /// AES-256 key for sealing.
  var sealing: (UInt64, UInt64, UInt64, UInt64)
  /// AES-256 key of the pseudo-random function over content hashes.
  var content: (UInt64, UInt64, UInt64, UInt64)

  static let byteCount = 64

  static func random() -> CustomerKey { random(1)[0] }

  /// Keys for so many customers, drawn together: asking the generator costs more than a key.
  static func random(_ count: Int) -> [CustomerKey] {
    var keys = [CustomerKey](repeating: CustomerKey(sealing: (0, 0, 0, 0), content: (0, 0, 0, 0)), count: count)
    if count > 0 { keys.withUnsafeMutableBytes { Cipher.fillRandom($0) } }
    return keys
  }

  init(sealing: (UInt64, UInt64, UInt64, UInt64), content: (UInt64, UInt64, UInt64, UInt64)) {
    self.sealing = sealing
    self.content = content
  }

  var bytes: [UInt8] { withUnsafeBytes(of: self) { [UInt8]($0) } }

  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self = bytes.withUnsafeBytes { $0.loadUnaligned(as: CustomerKey.self) }
  }
}

/// AES-256-GCM through OpenSSL, its context kept: a sealed text is nonce (12 bytes), ciphertext, tag (16 bytes).
///
/// Nonces are random: a key seals far fewer than 2^32 texts, and a nonce that followed from a position could be used
/// twice by a commit that was lost and made again. Used by one thread at a time.
final class Cipher {
  static let nonceBytes = 12
  static let tagBytes = 16
  /// Bytes that sealing adds.
  static let overhead = nonceBytes + tagBytes

  /// Algorithms are looked up once: that costs more than sealing a text.
  private let gcm = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)!
  private let ecb = EVP_CIPHER_fetch(nil, "AES-256-ECB", nil)!
  private let sealing = EVP_CIPHER_CTX_new()!
  private let opening = EVP_CIPHER_CTX_new()!
  private let content = EVP_CIPHER_CTX_new()!
  /// Random bytes for nonces, drawn in bulk.
  private var nonces = [UInt8](repeating: 0, count: 4096)
  private var nextNonce = 4096

  init() {
    let isReady =
      EVP_EncryptInit_ex2(sealing, gcm, nil, nil, nil) == 1 && EVP_DecryptInit_ex2(opening, gcm, nil, nil, nil) == 1
      && EVP_EncryptInit_ex2(content, ecb, nil, nil, nil) == 1
    precondition(isReady, "OpenSSL has no AES-256")
  }

  deinit {
    for context in [sealing, opening, content] { EVP_CIPHER_CTX_free(context) }
    EVP_CIPHER_free(gcm)
    EVP_CIPHER_free(ecb)
  }

  /// Bytes from the system's generator.
  static func fillRandom(_ bytes: UnsafeMutableRawBufferPointer) {
    precondition(
      RAND_bytes(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), Int32(bytes.count)) == 1,
      "the system has no random bytes")
  }

  /// Appends the sealed form of `plain`.
  ///
  /// - Parameters:
  ///   - key: 32 bytes; nil is the key of the text that was sealed last.
  ///   - owner: what the text belongs to; opening with another one fails.
  func seal(
    _ plain: UnsafeBufferPointer<UInt8>, key: UnsafeRawPointer?, for owner: UInt64, into sealed: inout [UInt8]
  ) {
    let start = sealed.count
    sealed.append(contentsOf: repeatElement(0, count: Self.nonceBytes))
    sealed.append(contentsOf: plain)
    sealed.append(contentsOf: repeatElement(0, count: Self.tagBytes))
    sealed.withUnsafeMutableBufferPointer {
      seal($0.baseAddress! + start, count: $0.count - start, key: key, for: owner)
    }
  }

  /// Seals a text where it stands: between room for the nonce and room for the tag.
  ///
  /// - Parameters:
  ///   - count: bytes, nonce and tag included.
  ///   - key: 32 bytes; nil is the key of the text that was sealed last, which saves preparing it again.
  func seal(_ nonce: UnsafeMutablePointer<UInt8>, count: Int, key: UnsafeRawPointer?, for owner: UInt64) {
    if nextNonce + Self.nonceBytes > nonces.count {
      nonces.withUnsafeMutableBytes { Cipher.fillRandom($0) }
      nextNonce = 0
    }
    nonces.withUnsafeBufferPointer { nonce.update(from: $0.baseAddress! + nextNonce, count: Self.nonceBytes) }
    nextNonce += Self.nonceBytes
    let text = nonce + Self.nonceBytes
    let length = count - Self.overhead
    var written: Int32 = 0
    var succeeded =
      EVP_EncryptInit_ex2(sealing, nil, key?.assumingMemoryBound(to: UInt8.self), nonce, nil) == 1
    withUnsafeBytes(of: owner.littleEndian) { owner in
      succeeded =
        succeeded
        && EVP_EncryptUpdate(sealing, nil, &written, owner.baseAddress!.assumingMemoryBound(to: UInt8.self), 8) == 1
    }
    succeeded =
      succeeded && EVP_EncryptUpdate(sealing, text, &written, text, Int32(length)) == 1
      && EVP_EncryptFinal_ex(sealing, text + length, &written) == 1
      && EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), text + length) == 1
    precondition(succeeded, "AES-GCM refuses to seal")
  }

  /// - Returns: the plain text; nil if the key, the owner or a single bit is another one.
  func open(_ sealed: UnsafeBufferPointer<UInt8>, key: UnsafeRawPointer, for owner: UInt64) -> [UInt8]? {
    let count = sealed.count - Self.overhead
    guard count >= 0, let nonce = sealed.baseAddress else { return nil }
    let text = nonce + Self.nonceBytes
    var plain = [UInt8](repeating: 0, count: count + 1)
    var written: Int32 = 0
    var tag = Array(sealed[(sealed.count - Self.tagBytes)...])
    let isGenuine = plain.withUnsafeMutableBufferPointer { plain in
      guard
        EVP_DecryptInit_ex2(opening, nil, key.assumingMemoryBound(to: UInt8.self), nonce, nil) == 1,
        withUnsafeBytes(
          of: owner.littleEndian,
          { EVP_DecryptUpdate(opening, nil, &written, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), 8) }) == 1,
        EVP_DecryptUpdate(opening, plain.baseAddress, &written, text, Int32(count)) == 1,
        EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), &tag) == 1
      else { return false }
      return EVP_DecryptFinal_ex(opening, plain.baseAddress! + count, &written) == 1
    }
    guard isGenuine else { return nil }
    plain.removeLast()
    return plain
  }

  /// A hash that nobody without the key can compute or test: AES-256 of the plain hash.
  func keyed(_ hash: (UInt64, UInt64), key: UnsafeRawPointer) -> UInt64 {
    var input = hash
    var output: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var written: Int32 = 0
    withUnsafeMutableBytes(of: &output) { output in
      withUnsafeBytes(of: &input) { input in
        let succeeded =
          EVP_EncryptInit_ex2(content, nil, key.assumingMemoryBound(to: UInt8.self), nil, nil) == 1
          && EVP_EncryptUpdate(
            content, output.baseAddress!.assumingMemoryBound(to: UInt8.self), &written,
            input.baseAddress!.assumingMemoryBound(to: UInt8.self), 16) == 1
        precondition(succeeded, "AES refuses to hash")
      }
    }
    return output.0
  }
}
