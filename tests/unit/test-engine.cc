/* test-engine.cc - the library's own thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "engine/vmmig-engine-private.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <vmmig/vmmig-error.h>

namespace
{

/* Posted last, it tells that everything posted before has run. */
class Barrier
{
public:
  void wait ()
  {
    vmmig_engine_post (release_cb, this);
    g_mutex_lock (&lock);
    while (!released)
      g_cond_wait (&cond, &lock);
    g_mutex_unlock (&lock);
  }

private:
  static gboolean release_cb (gpointer data)
  {
    auto *self = static_cast<Barrier *> (data);

    g_mutex_lock (&self->lock);
    self->released = true;
    g_cond_signal (&self->cond);
    g_mutex_unlock (&self->lock);
    return G_SOURCE_REMOVE;
  }

  GMutex lock = {};
  GCond cond = {};
  bool released = false;
};

TEST (Engine, RunsPostsOfOneThreadInTheirOrder)
{
  static std::vector<int> seen;

  seen.clear ();
  for (int i = 0; i < 1000; i++)
    vmmig_engine_post (
        [] (gpointer data) -> gboolean {
          seen.push_back (GPOINTER_TO_INT (data));
          return G_SOURCE_REMOVE;
        },
        GINT_TO_POINTER (i));
  Barrier ().wait ();

  ASSERT_EQ (seen.size (), 1000u);
  for (int i = 0; i < 1000; i++)
    EXPECT_EQ (seen[i], i);
}

TEST (Engine, RunsEveryPostOfManyThreadsOnItsOwnThread)
{
  static std::atomic<int> right;
  std::vector<std::thread> threads;

  right = 0;
  EXPECT_FALSE (vmmig_engine_is_current_thread ());
  for (int i = 0; i < 8; i++)
    threads.emplace_back ([] {
      for (int j = 0; j < 100; j++)
        vmmig_engine_post (
            [] (gpointer) -> gboolean {
              if (vmmig_engine_is_current_thread ())
                right++;
              return G_SOURCE_REMOVE;
            },
            nullptr);
    });
  for (auto &thread : threads)
    thread.join ();
  Barrier ().wait ();
  EXPECT_EQ (right, 800);
}

TEST (Engine, APostFromTheEngineItselfRunsLaterNotInside)
{
  static bool inside, nested;

  inside = nested = false;
  vmmig_engine_post (
      [] (gpointer) -> gboolean {
        inside = true;
        vmmig_engine_post (
            [] (gpointer) -> gboolean {
              nested = inside;
              return G_SOURCE_REMOVE;
            },
            nullptr);
        inside = false;
        return G_SOURCE_REMOVE;
      },
      nullptr);
  Barrier ().wait ();
  Barrier ().wait ();
  EXPECT_FALSE (nested);
}

/* Runs @func on the engine and waits for its end. */
void
run_on_engine (std::function<void ()> func)
{
  vmmig_engine_post (
      [] (gpointer data) -> gboolean {
        (*static_cast<std::function<void ()> *> (data)) ();
        return G_SOURCE_REMOVE;
      },
      &func);
  Barrier ().wait ();
}

struct Timers
{
  std::vector<int> fired;
  std::promise<void> done;
};

struct Entry
{
  Timers *timers;
  int value;
};

void
fire_cb (gpointer data)
{
  auto *entry = static_cast<Entry *> (data);

  entry->timers->fired.push_back (entry->value);
  if (entry->value < 0)
    entry->timers->done.set_value ();
}

TEST (Engine, TimersFireInTheOrderOfTheirDeadlines)
{
  Timers timers;
  std::vector<Entry> entries;
  std::vector<int> wanted;

  entries.reserve (7);
  run_on_engine ([&] {
    /* Each later one is due earlier. */
    for (int i = 0; i < 6; i++)
      {
        entries.push_back ({&timers, i});
        EXPECT_NE (vmmig_engine_add_timer ((6 - i) * 100 * 1000, fire_cb, &entries.back ()), 0u);
        wanted.insert (wanted.begin (), i);
      }
    entries.push_back ({&timers, -1});
    vmmig_engine_add_timer (700 * 1000, fire_cb, &entries.back ());
  });
  timers.done.get_future ().wait ();
  wanted.push_back (-1);
  EXPECT_EQ (timers.fired, wanted);
}

TEST (Engine, ATimerThatIsRemovedDoesNotFire)
{
  Timers timers;
  Entry first = {&timers, 1}, second = {&timers, 2}, last = {&timers, -1};

  run_on_engine ([&] {
    guint one = vmmig_engine_add_timer (0, fire_cb, &first);
    guint two = vmmig_engine_add_timer (1000, fire_cb, &second);

    EXPECT_NE (one, two);
    vmmig_engine_remove_timer (one);
    vmmig_engine_remove_timer (one);
    vmmig_engine_remove_timer (0);
    vmmig_engine_add_timer (2000, fire_cb, &last);
  });
  timers.done.get_future ().wait ();
  EXPECT_EQ (timers.fired, (std::vector<int>{2, -1}));
}

struct Chain
{
  guint left;
  guint victim;
  std::promise<void> done;
};

void
chain_cb (gpointer data)
{
  auto *chain = static_cast<Chain *> (data);

  /* It changes the queue that it is being taken from. */
  vmmig_engine_remove_timer (chain->victim);
  if (chain->left-- == 0)
    {
      chain->done.set_value ();
      return;
    }
  vmmig_engine_add_timer (0, chain_cb, chain);
  chain->victim = vmmig_engine_add_timer (
      G_TIME_SPAN_SECOND, [] (gpointer) { ADD_FAILURE () << "it was removed"; }, nullptr);
}

TEST (Engine, ATimerMayAddAndRemoveTimers)
{
  Chain chain = {50, 0, {}};

  run_on_engine ([&] { vmmig_engine_add_timer (0, chain_cb, &chain); });
  chain.done.get_future ().wait ();
  EXPECT_EQ (chain.left, G_MAXUINT);
}

TEST (Engine, ItsTimersFireWhileTheCallersContextIsBlocked)
{
  static std::atomic<bool> fired;
  g_autoptr (GSource) source = g_timeout_source_new (1);

  fired = false;
  g_source_set_callback (
      source,
      [] (gpointer) -> gboolean {
        fired = true;
        return G_SOURCE_REMOVE;
      },
      nullptr, nullptr);
  g_source_attach (source, vmmig_engine_get_context ());
  for (int i = 0; i < 5000 && !fired; i++)
    g_usleep (1000);
  EXPECT_TRUE (fired);
}

TEST (Engine, ALibraryThreadTakesNoSignalOfTheProgram)
{
  static std::promise<void> asked;
  static sigset_t mask;
  g_autoptr (GError) error = nullptr;
  sigset_t before, after;

  /* Joins it at the end, which the thread sanitizer wants to see. */
  vmmig_engine_watch_exit ();
  pthread_sigmask (SIG_SETMASK, nullptr, &before);
  bool started = vmmig_engine_start_thread (
      "vmmig-test",
      [] (gpointer) -> gpointer {
        pthread_sigmask (SIG_SETMASK, nullptr, &mask);
        asked.set_value ();
        return nullptr;
      },
      nullptr, &error);
  ASSERT_TRUE (started) << error->message;
  asked.get_future ().wait ();
  pthread_sigmask (SIG_SETMASK, nullptr, &after);

  EXPECT_TRUE (sigismember (&mask, SIGPIPE));
  EXPECT_TRUE (sigismember (&mask, SIGINT));
  EXPECT_TRUE (sigismember (&mask, SIGCHLD));
  EXPECT_FALSE (sigismember (&mask, SIGSEGV));
  EXPECT_EQ (sigismember (&before, SIGPIPE), sigismember (&after, SIGPIPE));
  EXPECT_EQ (sigismember (&before, SIGINT), sigismember (&after, SIGINT));
}

/* What a library that libvirt uses does: storage of each thread, freed by the thread's end, that
 * hangs on something which the process's exit frees. */
class ThreadStorage
{
public:
  static void install ()
  {
    pthread_key_create (&key, [] (void *) {
      g_usleep (200 * 1000);
      n_freed++;
    });
    atexit ([] { _exit (n_freed == n_used ? 0 : 1); });
    vmmig_engine_watch_exit ();
  }

  static void use ()
  {
    n_used++;
    pthread_setspecific (key, &key);
  }

private:
  static inline pthread_key_t key;
  static inline std::atomic<int> n_used{0}, n_freed{0};
};

static void
start_thread_and (GThreadFunc func)
{
  g_autoptr (GError) error = nullptr;

  if (!vmmig_engine_start_thread ("vmmig-test", func, nullptr, &error))
    abort ();
}

static std::promise<void> reached;

TEST (EngineDeathTest, AnExitWaitsForThreadsThatEnd)
{
  GTEST_FLAG_SET (death_test_style, "threadsafe");
  EXPECT_EXIT (
      {
        ThreadStorage::install ();
        for (int i = 0; i < 3; i++)
          start_thread_and ([] (gpointer) -> gpointer {
            static std::atomic<int> n{0};

            ThreadStorage::use ();
            vmmig_engine_leave_thread ();
            if (++n == 3)
              reached.set_value ();
            return nullptr;
          });
        reached.get_future ().wait ();
        exit (2);
      },
      testing::ExitedWithCode (0), "");
}

TEST (EngineDeathTest, AnExitKeepsThreadsFromEnding)
{
  static std::atomic<bool> ended{false};

  GTEST_FLAG_SET (death_test_style, "threadsafe");
  EXPECT_EXIT (
      {
        /* Runs after the library's own handler */
        atexit ([] {
          g_usleep (200 * 1000);
          _exit (ended ? 1 : 0);
        });
        vmmig_engine_watch_exit ();
        start_thread_and ([] (gpointer) -> gpointer {
          g_usleep (100 * 1000);
          vmmig_engine_leave_thread ();
          ended = true;
          return nullptr;
        });
        exit (2);
      },
      testing::ExitedWithCode (0), "");
}

TEST (EngineDeathTest, AnExitWaitsForAThreadThatHangsForASecondOnly)
{
  GTEST_FLAG_SET (death_test_style, "threadsafe");
  EXPECT_EXIT (
      {
        vmmig_engine_watch_exit ();
        start_thread_and ([] (gpointer) -> gpointer {
          vmmig_engine_leave_thread ();
          reached.set_value ();
          while (true)
            pause ();
        });
        reached.get_future ().wait ();
        exit (3);
      },
      testing::ExitedWithCode (3), "");
}

TEST (Engine, HandsOverToTheCallersContextAndFreesItsData)
{
  static bool ran, freed, was_free_when_run;
  g_autoptr (GMainContext) context = g_main_context_new ();

  ran = freed = was_free_when_run = false;
  vmmig_engine_hand_over (
      context,
      [] (gpointer) -> gboolean {
        ran = true;
        was_free_when_run = freed;
        return G_SOURCE_REMOVE;
      },
      nullptr, [] (gpointer) { freed = true; });
  EXPECT_FALSE (ran);
  while (g_main_context_iteration (context, FALSE))
    ;
  EXPECT_TRUE (ran);
  EXPECT_TRUE (freed);
  EXPECT_FALSE (was_free_when_run);
}

TEST (Engine, AForkedChildIsRefused)
{
  g_autoptr (GError) error = nullptr;
  int status = -1;

  ASSERT_TRUE (vmmig_engine_check_fork (&error));
  pid_t child = fork ();
  if (child == 0)
    {
      g_autoptr (GError) child_error = nullptr;
      bool refused = !vmmig_engine_check_fork (&child_error) &&
                     g_error_matches (child_error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED);
      /* By a signal: at an exit valgrind takes for lost what only the parent's threads hold. */
      if (refused)
        raise (SIGKILL);
      _exit (1);
    }
  ASSERT_EQ (waitpid (child, &status, 0), child);
  EXPECT_TRUE (WIFSIGNALED (status));
  EXPECT_EQ (WTERMSIG (status), SIGKILL);
}

} /* namespace */
