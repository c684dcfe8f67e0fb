// The loop that anyone would write by hand: events in bare arrays, in the order in which they were recorded, folded into
// an array of states. It verifies nothing, stores nothing, and every array is in memory before the clock starts.
//
//   cc -O3 -pthread -DORDER_PLACED=… bare-arrays.c -o bare-arrays      compare-replay gives the numbers of the types
//   bare-arrays FOLDER      reads lines: `totals THREADS`, `narrow THREADS`, `answer QUESTION FILE`; prints seconds
//
// Several threads take equal shares of the events, each with states of its own that are added up in the end.

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HAS_NUMBER = 1, HAS_CURRENCY = 16, IN = 1, OUT = 2, THREADS_MAX = 64, AHEAD = 24 };

// As `replay-runner export` writes them.
typedef struct {
  uint64_t position, object, related;
  int64_t time, amount, instant, number;
  uint32_t customer;
  uint8_t kind, direction, code, has;
} row;

// As `replay-runner` writes answers.
typedef struct {
  int64_t first_in, last_in, first_out, last_out, revenue, refunds, cost, satisfaction_time, satisfaction;
  uint32_t customer, events, outbound, orders, deliveries, returns;
} totals;

typedef struct {
  int64_t score;
  uint32_t customer, sent, answered, scored, reviews, nothing;
} narrow;

static size_t count, customers;
static uint32_t *customer;
static int64_t *when, *amount, *number;
static uint8_t *kind, *direction, *has;

static void *array(size_t n, size_t size) {
  void *start = malloc(n * size);
  if (!start) abort();
  return start;
}

static void load(const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/events", folder);
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(64); }
  fseek(file, 0, SEEK_END);
  size_t n = (size_t)ftell(file) / sizeof(row);
  rewind(file);
  customer = array(n, 4), when = array(n, 8), amount = array(n, 8), number = array(n, 8);
  kind = array(n, 1), direction = array(n, 1), has = array(n, 1);
  row one;
  for (; count < n && fread(&one, sizeof one, 1, file) == 1; count++) {
    customer[count] = one.customer, when[count] = one.time, amount[count] = one.amount, number[count] = one.number;
    kind[count] = one.kind, direction[count] = one.direction, has[count] = one.has;
    if (one.customer >= customers) customers = one.customer + 1;
  }
  fclose(file);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }

static void fold_totals(void *start, size_t from, size_t to) {
  totals *states = start;
  for (size_t c = 0; c < customers; c++) {
    memset(&states[c], 0, sizeof(totals));
    states[c].first_in = states[c].first_out = INT64_MAX;
    states[c].last_in = states[c].last_out = states[c].satisfaction_time = INT64_MIN;
  }
  for (size_t i = from; i < to; i++) {
    if (i + AHEAD < to) {
      __builtin_prefetch(&states[customer[i + AHEAD]], 1);
      __builtin_prefetch((char *)&states[customer[i + AHEAD]] + 64, 1);
    }
    totals *s = &states[customer[i]];
    int64_t t = when[i];
    int is_in = direction[i] == IN, is_out = direction[i] == OUT;
    s->events++;
    s->first_in = least(s->first_in, is_in ? t : INT64_MAX);
    s->last_in = greatest(s->last_in, is_in ? t : INT64_MIN);
    s->first_out = least(s->first_out, is_out ? t : INT64_MAX);
    s->last_out = greatest(s->last_out, is_out ? t : INT64_MIN);
    s->outbound += (uint32_t)is_out;
    switch (kind[i]) {
    case ORDER_PLACED:
      s->orders++;
      if (has[i] & HAS_CURRENCY) s->revenue += amount[i];
      break;
    case ORDER_DELIVERED: s->deliveries++; break;
    case ORDER_RETURNED: s->returns++; break;
    case ORDER_REFUNDED:
      if (has[i] & HAS_CURRENCY) s->refunds += amount[i];
      break;
    case COST_BOOKED:
      if (has[i] & HAS_CURRENCY) s->cost += amount[i];
      break;
    case SURVEY_ANSWERED:
      if (has[i] & HAS_NUMBER && t >= s->satisfaction_time) s->satisfaction_time = t, s->satisfaction = number[i];
      break;
    }
  }
}

static void add_totals(void *to, const void *from, size_t first, size_t end) {
  for (size_t c = first; c < end; c++) {
    totals *a = (totals *)to + c;
    const totals *b = (const totals *)from + c;
    a->first_in = least(a->first_in, b->first_in), a->last_in = greatest(a->last_in, b->last_in);
    a->first_out = least(a->first_out, b->first_out), a->last_out = greatest(a->last_out, b->last_out);
    a->revenue += b->revenue, a->refunds += b->refunds, a->cost += b->cost;
    a->events += b->events, a->outbound += b->outbound, a->orders += b->orders;
    a->deliveries += b->deliveries, a->returns += b->returns;
    if (b->satisfaction_time >= a->satisfaction_time)
      a->satisfaction_time = b->satisfaction_time, a->satisfaction = b->satisfaction;
  }
}

static void fold_narrow(void *start, size_t from, size_t to) {
  narrow *states = start;
  memset(states, 0, customers * sizeof(narrow));
  for (size_t i = from; i < to; i++) {
    if (kind[i] != SURVEY_SENT && kind[i] != SURVEY_ANSWERED && kind[i] != REVIEW_PUBLISHED) continue;
    narrow *s = &states[customer[i]];
    switch (kind[i]) {
    case SURVEY_SENT: s->sent++; break;
    case SURVEY_ANSWERED:
      s->answered++;
      if (has[i] & HAS_NUMBER) s->scored++, s->score += number[i];
      break;
    default: s->reviews++;
    }
  }
}

static void add_narrow(void *to, const void *from, size_t first, size_t end) {
  for (size_t c = first; c < end; c++) {
    narrow *a = (narrow *)to + c;
    const narrow *b = (const narrow *)from + c;
    a->score += b->score, a->sent += b->sent, a->answered += b->answered;
    a->scored += b->scored, a->reviews += b->reviews;
  }
}

typedef struct {
  size_t size;
  void (*fold)(void *, size_t, size_t);
  void (*add)(void *, const void *, size_t, size_t);
} question;

static question questions[] = {{sizeof(totals), fold_totals, add_totals}, {sizeof(narrow), fold_narrow, add_narrow}};

typedef struct {
  question *asked;
  void **states;
  size_t index, threads;
  pthread_barrier_t *folded;
} share;

static void *work(void *start) {
  share *s = start;
  s->asked->fold(s->states[s->index], count * s->index / s->threads, count * (s->index + 1) / s->threads);
  pthread_barrier_wait(s->folded);
  for (size_t other = 1; other < s->threads; other++)
    s->asked->add(
      s->states[0], s->states[other], customers * s->index / s->threads, customers * (s->index + 1) / s->threads);
  return 0;
}

static void *run(question *asked, size_t threads) {
  void *states[THREADS_MAX];
  share shares[THREADS_MAX];
  pthread_t handles[THREADS_MAX];
  pthread_barrier_t folded;
  pthread_barrier_init(&folded, 0, (unsigned)threads);
  for (size_t i = 0; i < threads; i++) states[i] = array(customers, asked->size);
  for (size_t i = 0; i < threads; i++) {
    shares[i] = (share){asked, states, i, threads, &folded};
    if (pthread_create(&handles[i], 0, work, &shares[i])) abort();
  }
  for (size_t i = 0; i < threads; i++) pthread_join(handles[i], 0);
  pthread_barrier_destroy(&folded);
  for (size_t i = 1; i < threads; i++) free(states[i]);
  return states[0];
}

static int64_t known(int64_t time) { return time == INT64_MIN || time == INT64_MAX ? 0 : time; }

static void answer(question *asked, const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) { perror(path); exit(64); }
  char *states = run(asked, 1);
  for (size_t c = 0; c < customers; c++) {
    if (asked == &questions[0]) {
      totals *s = (totals *)states + c;
      if (!s->events) continue;
      s->customer = (uint32_t)c;
      s->first_in = known(s->first_in), s->last_in = known(s->last_in);
      s->first_out = known(s->first_out), s->last_out = known(s->last_out);
      s->satisfaction_time = known(s->satisfaction_time);
    } else {
      narrow *s = (narrow *)states + c;
      if (!s->sent && !s->answered && !s->reviews) continue;
      s->customer = (uint32_t)c;
    }
    fwrite(states + c * asked->size, asked->size, 1, file);
  }
  free(states);
  if (fclose(file)) { perror(path); exit(64); }
}

int main(int count, char **arguments) {
  if (count != 2) return 64;
  load(arguments[1]);
  setvbuf(stdout, 0, _IOLBF, 0);
  char line[4096], first[4096], second[4096], path[4096];
  while (fgets(line, sizeof line, stdin)) {
    int words = sscanf(line, "%4095s %4095s %4095s", first, second, path);
    question *asked = &questions[!strcmp(words == 3 ? second : first, "narrow")];
    if (words == 3) {
      answer(asked, path);
      puts("written");
      continue;
    }
    size_t threads = (size_t)atol(second);
    if (words != 2 || threads < 1 || threads > THREADS_MAX) return 64;
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    free(run(asked, threads));
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.9f\n", (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
  }
  return 0;
}
