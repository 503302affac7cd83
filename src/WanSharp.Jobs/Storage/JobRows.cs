using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace WanSharp.Jobs.Storage;

/// <summary>Jobs as rows.</summary>
internal static class JobRows
{
    public const string Columns =
        "id, output, request, style, priority, state, result_key, attempts, error, started_at, "
        + "finished_at, outcome, settings, overwrites, details, batch, held, "
        + "queued_at, artifact_sha256, owner, place, removed";

    public const string ListingColumns =
        "id, output, style, priority, state, attempts, error, started_at, finished_at, outcome ->> '$.started_over'";

    public const string Insert = """
        INSERT INTO jobs (id, output, request, settings, style, priority, execution_group, feature_group, result_key, twin, overwrites,
          queued_at, details, batch, held, owner)
        VALUES ((SELECT max(last, coalesce((SELECT max(id) FROM jobs), 0)) + 1 FROM numbers), $output, $request, $settings, $style,
          $priority, $execution, $feature, $key, $twin, $overwrites, $now, $details, $batch, $held, $owner)
        ON CONFLICT (output) DO NOTHING
        """;

    /// <summary>Gives an output to another job, which waits from now on.</summary>
    public static string Redefine { get; } =
        $"""
            UPDATE jobs SET request = $request, settings = $settings, style = $style, priority = $priority, execution_group = $execution,
                feature_group = $feature, result_key = $key, twin = $twin, overwrites = $overwrites, queued_at = $now,
                details = $details, batch = $batch, held = $held, owner = $owner, place = NULL,
                state = {States.Queued}, attempts = 0, failures = 0, deaths = 0, suspect = 0, position = 0,
                reached = 0, reached_before = 0, cancel = 0,
                worker = NULL, error = NULL, started_at = NULL, finished_at = NULL,
                artifact_sha256 = NULL, artifact_bytes = NULL, artifact_time = NULL, outcome = NULL
            WHERE output = $output AND state <> {States.Running}
            """;

    /// <summary>Makes a job that waits another one; it keeps its place in the queue, and its owner.</summary>
    public static string Edit { get; } =
        $"""
            UPDATE jobs SET request = $request, settings = $settings, style = $style, priority = $priority, execution_group = $execution,
                feature_group = $feature, result_key = $key, twin = $twin, details = $details,
                attempts = 0, failures = 0, deaths = 0, suspect = 0, position = 0, reached = 0, reached_before = 0, error = NULL
            WHERE output = $output AND state = {States.Queued} AND NOT removed
            """;

    public static Job? Find(SqliteConnection connection, long id) =>
        connection.Query($"SELECT {Columns} FROM jobs WHERE id = $id", Job, ("$id", id)).FirstOrDefault();

    public static Job Job(SqliteDataReader row) =>
        new()
        {
            Id = row.GetInt64(0),
            Output = row.GetString(1),
            Request = JobRequest.FromJson(row.GetString(2)),
            Style = row.Text(3),
            Priority = row.GetInt32(4),
            State = (JobState)row.GetInt32(5),
            ResultKey = row.Text(6),
            Attempts = row.GetInt32(7),
            Error = row.Text(8),
            StartedAt = Time(row.Integer(9)),
            FinishedAt = Time(row.Integer(10)),
            Outcome = row.Text(11) is { } json ? JsonSerializer.Deserialize(json, JournalJson.Readable.JobOutcome) : null,
            Settings = row.Text(12),
            Overwrites = row.GetInt32(13) != 0,
            Details = row.Text(14),
            Batch = row.Text(15),
            IsHeld = row.GetInt32(16) != 0,
            QueuedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(17)),
            Sha256 = row.Text(18),
            Owner = row.Text(19),
            Place = (int?)row.Integer(20),
            IsRemoved = row.GetInt32(21) != 0,
        };

    public static JobListing Listing(SqliteDataReader row) =>
        new(
            row.GetInt64(0),
            row.GetString(1),
            row.Text(2),
            row.GetInt32(3),
            (JobState)row.GetInt32(4),
            row.GetInt32(5),
            row.Text(6),
            row.Integer(7) is { } started && row.Integer(8) is { } finished ? TimeSpan.FromMilliseconds(finished - started) : null,
            row.Text(9)
        );

    public static (string Name, object? Value)[] Parameters(NewJob job, long now) =>
        [
            ("$output", job.Output),
            ("$request", job.Request.ToJson()),
            ("$settings", job.Prepared.Settings),
            ("$overwrites", job.Overwrites),
            ("$style", job.Style),
            ("$priority", job.Priority),
            ("$execution", Hash(job.Prepared.ExecutionGroup)),
            ("$feature", Hash(job.Prepared.FeatureGroup)),
            ("$key", ResultKey(job)),
            ("$twin", ResultKey(job) is { } key ? Hash(key + Path.GetExtension(job.Output)) : null),
            ("$now", now),
            ("$details", job.Details),
            ("$batch", job.Batch),
            ("$held", job.IsHeld),
            ("$owner", job.Owner),
        ];

    private static string? ResultKey(NewJob job) => job.UseCache ? job.Prepared.ResultKey : null;

    /// <summary>A name as a number that the queue's index holds cheaply. Two names with one number cost time, never a wrong clip.</summary>
    private static long Hash(string name) => BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;
}
