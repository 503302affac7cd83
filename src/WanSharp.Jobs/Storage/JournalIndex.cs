using System.Text.Json;
using Microsoft.Data.Sqlite;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>Keeps a database the index of its journal: what is appended is noted, and what the database has missed is read again.</summary>
internal static class JournalIndex
{
    /// <summary>A journal of less is left as it is.</summary>
    private const long SmallBytes = 1 << 20;

    /// <summary>Notes that the journal has a length, and that all of it is in the tables.</summary>
    public static void Note(SqliteConnection connection, long bytes) =>
        connection.Run("UPDATE journal SET bytes = $bytes, jobs = (SELECT count(*) FROM jobs)", ("$bytes", bytes));

    /// <summary>Whether the database holds what its journal says.</summary>
    public static bool IsCurrent(SqliteConnection connection, JobFolder folder) =>
        connection.Scalar<long>("SELECT bytes FROM journal") == JobJournal.LengthOf(folder.Journal)
        && connection.Scalar<long>("SELECT jobs = (SELECT count(*) FROM jobs) FROM journal") == 1;

    /// <summary>Rewrites a journal most of which is about jobs that were deleted, or were others before.</summary>
    public static void Compact(SqliteConnection connection, JobFolder folder)
    {
        var needed = connection.Scalar<long>(
            "SELECT sum(length(request) + coalesce(length(settings), 0) + coalesce(length(details), 0)) FROM jobs"
        );
        if (JobJournal.LengthOf(folder.Journal) > SmallBytes + (3 * needed))
        {
            Note(connection, JobJournal.Rewrite(folder.Journal));
        }
    }

    /// <summary>
    /// Reads the whole journal again: jobs that are missing come back, and those whose clip is in its place with the length that was noted
    /// have succeeded. Nothing that the database knows is lost.
    /// </summary>
    public static void Refresh(SqliteConnection connection, JobFolder folder, long now)
    {
        var bytes = JobJournal.LengthOf(folder.Journal);
        var content = JobJournal.Read(folder.Journal);
        foreach (var (job, note) in content.Jobs)
        {
            var parameters = JobRows.Parameters(job, now);
            if (connection.Run(JobRows.Insert, parameters) == 0)
            {
                connection.Run(
                    "UPDATE jobs SET settings = coalesce(settings, $settings) WHERE output = $output",
                    ("$settings", job.Prepared.Settings),
                    ("$output", job.Output)
                );
                if (
                    connection.Scalar<string>("SELECT request FROM jobs WHERE output = $output", ("$output", job.Output))
                    != job.Request.ToJson()
                )
                {
                    connection.Run(JobRows.Redefine, parameters); // the name was given to another job, and the database is from before that
                }
            }

            Apply(connection, folder, job.Output, note, now);
        }

        foreach (var output in content.Removed)
        {
            connection.Run("UPDATE jobs SET removed = 1, cancel = 1 WHERE output = $output", ("$output", output));
        }

        Note(connection, bytes);
    }

    private static void Apply(SqliteConnection connection, JobFolder folder, string output, JournalNote? note, long now)
    {
        switch (note?.Note)
        {
            case JournalNote.Made when FileFacts.Of(folder.Artifact(output)) is { Exists: true } file && file.Length == note.Bytes:
                // Its time is left out: that the content is what was noted is found out before anything builds on it. One that some process
                // seems to run stays with that: whoever finds it dead compares the content, too.
                connection.Run(
                    $"""
                    UPDATE jobs SET state = CASE state WHEN {States.Running} THEN {States.Running} ELSE {States.Succeeded} END,
                        error = NULL, finished_at = coalesce($at, finished_at, $now),
                        artifact_sha256 = $sha, artifact_bytes = $bytes, artifact_time = NULL, outcome = $outcome
                    WHERE output = $output AND (state <> {States.Succeeded} OR artifact_sha256 IS NOT $sha)
                    """,
                    ("$now", now),
                    ("$at", note.At),
                    ("$sha", note.Sha256),
                    ("$bytes", note.Bytes),
                    ("$output", output),
                    ("$outcome", note.Outcome is null ? null : JsonSerializer.Serialize(note.Outcome, JournalJson.Readable.JobOutcome))
                );
                break;
            case JournalNote.Cancelled:
                connection.Run(
                    $"UPDATE jobs SET state = {States.Cancelled}, cancel = 1, finished_at = $at "
                        + $"WHERE output = $output AND state = {States.Queued}",
                    ("$at", note.At ?? now),
                    ("$output", output)
                );
                break;
        }
    }
}
