/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Under ThreadSanitizer only: it finds a real race, and takes none of GLib's ways for one. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <unistd.h>

namespace
{

int counter;
GMutex mutex;

gpointer
count (gpointer data)
{
  for (int i = 0; i < 1000; i++)
    counter++;
  return data;
}

gpointer
count_locked (gpointer data)
{
  for (int i = 0; i < 1000; i++)
    {
      g_mutex_lock (&mutex);
      counter++;
      g_mutex_unlock (&mutex);
    }
  return data;
}

/* Runs it here and in another thread at once */
void
run_twice (GThreadFunc func, gpointer data)
{
  GThread *thread = g_thread_new ("second", func, data);

  func (data);
  g_thread_join (thread);
}

gpointer
write_and_wait (gpointer data)
{
  static_cast<char *> (data)[0] = 'x';
  g_usleep (100 * 1000);
  return nullptr;
}

struct Parcel
{
  int value;
  GMainLoop *loop;
};

gboolean
open_parcel (gpointer data)
{
  auto *parcel = static_cast<Parcel *> (data);

  parcel->value++;
  g_main_loop_quit (parcel->loop);
  return G_SOURCE_REMOVE;
}

gpointer
send_parcel (gpointer data)
{
  auto *parcel = static_cast<Parcel *> (data);
  GSource *source = g_idle_source_new ();

  parcel->value = 41;
  g_source_set_callback (source, open_parcel, parcel, nullptr);
  g_source_attach (source, g_main_loop_get_context (parcel->loop));
  g_source_unref (source);
  return nullptr;
}

void
ready (GObject *, GAsyncResult *result, gpointer data)
{
  auto *parcel = static_cast<Parcel *> (data);

  parcel->value += static_cast<int> (g_task_propagate_int (G_TASK (result), nullptr));
  g_main_loop_quit (parcel->loop);
}

gboolean
readable (int, GIOCondition, gpointer data)
{
  return open_parcel (data);
}

gpointer
return_task (gpointer data)
{
  auto *task = static_cast<GTask *> (data);
  auto *parcel = static_cast<Parcel *> (g_task_get_task_data (task));

  parcel->value = 41;
  g_task_return_int (task, 1);
  g_object_unref (task);
  return nullptr;
}

gpointer
push (gpointer data)
{
  auto *queue = static_cast<GAsyncQueue *> (data);

  g_async_queue_push (queue, new int (42));
  return nullptr;
}

} // namespace

TEST (ThreadSanitizer, ARaceIsFound)
{
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT (
      {
        run_twice (count, nullptr);
        exit (0);
      },
      testing::ExitedWithCode (66), "data race");
}

TEST (ThreadSanitizer, AnUnlockedWriteBesideALockedOneIsFound)
{
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT (
      {
        GThread *thread = g_thread_new ("second", count_locked, nullptr);

        count (nullptr);
        g_thread_join (thread);
        exit (0);
      },
      testing::ExitedWithCode (66), "data race");
}

TEST (ThreadSanitizer, MemoryFreedUnderSomebodyIsFound)
{
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT (
      {
        auto *memory = static_cast<char *> (g_malloc (64));
        GThread *thread = g_thread_new ("second", write_and_wait, memory);

        g_usleep (20 * 1000);
        g_free (memory);
        g_thread_join (thread);
        exit (0);
      },
      testing::ExitedWithCode (66), "data race");
}

TEST (ThreadSanitizer, AMutexIsNoRace)
{
  counter = 0;
  run_twice (count_locked, nullptr);
  EXPECT_EQ (counter, 2000);
}

TEST (ThreadSanitizer, ASourceHandsOver)
{
  Parcel parcel = {0, g_main_loop_new (nullptr, FALSE)};
  GThread *thread = g_thread_new ("sender", send_parcel, &parcel);

  g_main_loop_run (parcel.loop);
  EXPECT_EQ (parcel.value, 42);
  g_thread_join (thread);
  g_main_loop_unref (parcel.loop);
}

TEST (ThreadSanitizer, ASourceOfADescriptorIsCalledAsItWantsToBe)
{
  Parcel parcel = {41, g_main_loop_new (nullptr, FALSE)};
  int ends[2];

  ASSERT_TRUE (g_unix_open_pipe (ends, FD_CLOEXEC, nullptr));
  guint id = g_unix_fd_add (ends[1], G_IO_OUT, readable, &parcel);
  g_main_loop_run (parcel.loop);
  EXPECT_EQ (parcel.value, 42);
  EXPECT_EQ (g_main_context_find_source_by_id (nullptr, id), nullptr);
  close (ends[0]);
  close (ends[1]);
  g_main_loop_unref (parcel.loop);
}

TEST (ThreadSanitizer, ATaskHandsOver)
{
  Parcel parcel = {0, g_main_loop_new (nullptr, FALSE)};
  GTask *task = g_task_new (nullptr, nullptr, ready, &parcel);

  g_task_set_task_data (task, &parcel, nullptr);
  GThread *thread = g_thread_new ("worker", return_task, task);
  g_main_loop_run (parcel.loop);
  EXPECT_EQ (parcel.value, 42);
  g_thread_join (thread);
  g_main_loop_unref (parcel.loop);
}

TEST (ThreadSanitizer, AQueueHandsOver)
{
  GAsyncQueue *queue = g_async_queue_new ();
  GThread *thread = g_thread_new ("pusher", push, queue);
  auto *value = static_cast<int *> (g_async_queue_pop (queue));

  EXPECT_EQ (*value, 42);
  delete value;
  g_thread_join (thread);
  g_async_queue_unref (queue);
}
