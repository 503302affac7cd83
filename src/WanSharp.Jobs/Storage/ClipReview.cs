using WanSharp.Media.Clips;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>What became of the clips of finished jobs.</summary>
/// <param name="Missing">Outputs whose file is gone or empty: their jobs wait again.</param>
/// <param name="Damaged">Outputs whose file is cut short, or of other content and the same length: their jobs wait again, and the file
/// was put aside.</param>
/// <param name="Changed">Outputs whose file is another clip, whole: it was edited, and is left alone.</param>
public sealed record ClipReview(IReadOnlyList<string> Missing, IReadOnlyList<string> Damaged, IReadOnlyList<string> Changed)
{
    private enum Finding
    {
        Whole,
        Missing,
        Damaged,
        Changed,
    }

    internal static async Task<ClipReview> RunAsync(
        JobDatabase database,
        JobFolder folder,
        bool repairs,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<Finding, List<string>>
        {
            [Finding.Missing] = [],
            [Finding.Damaged] = [],
            [Finding.Changed] = [],
        };
        var clips = database.Read(connection =>
            connection.Query(
                $"SELECT id, output, artifact_sha256, artifact_bytes, artifact_time FROM jobs WHERE state = {States.Succeeded} ORDER BY id",
                row => new Clip(row.GetInt64(0), row.GetString(1), row.Text(2), row.Integer(3), row.Integer(4))
            )
        );
        foreach (var clip in clips)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = folder.Artifact(clip.Output);
            var finding = await LookAsync(clip, path, cancellationToken).ConfigureAwait(false);
            if (finding != Finding.Whole)
            {
                found[finding].Add(clip.Output);
            }

            if (repairs)
            {
                Repair(database, folder, clip, finding);
            }
        }

        return new ClipReview(found[Finding.Missing], found[Finding.Damaged], found[Finding.Changed]);
    }

    /// <summary>Moves a file away that is in a clip's place, so that it is not lost; an empty one is deleted.</summary>
    internal static void PutAside(JobFolder folder, string path)
    {
        if (FileFacts.Of(path) is not { Exists: true } file)
        {
            return;
        }

        if (file.Length == 0)
        {
            File.Delete(path);
            return;
        }

        Directory.CreateDirectory(folder.Aside);
        DurableFiles.Rename(
            path,
            Path.Combine(folder.Aside, $"{Guid.NewGuid().ToString("N")[..8]}-{Path.GetFileName(path)}"),
            overwrite: false
        );
    }

    private static async Task<Finding> LookAsync(Clip clip, string path, CancellationToken cancellationToken)
    {
        var file = FileFacts.Of(path);
        if (!file.Exists || file.Length == 0)
        {
            return Finding.Missing;
        }

        if (clip.Bytes is { } bytes && bytes != file.Length)
        {
            return ClipStructure.IsWhole(path) ? Finding.Changed : Finding.Damaged;
        }

        // A file that was not touched since is not read: a night's clips are many gigabytes.
        return
            clip.Sha256 is null
            || clip.Time == file.LastWriteTimeUtc.Ticks
            || await Digests.OfFileAsync(path, cancellationToken).ConfigureAwait(false) == clip.Sha256
            ? Finding.Whole
            : Finding.Damaged;
    }

    private static void Repair(JobDatabase database, JobFolder folder, Clip clip, Finding finding)
    {
        var path = folder.Artifact(clip.Output);
        if (finding == Finding.Whole)
        {
            var file = FileFacts.Of(path);
            if (clip.Time != file.LastWriteTimeUtc.Ticks || clip.Bytes is null)
            {
                database.Write(connection =>
                    connection.Run(
                        $"UPDATE jobs SET artifact_time = $time, artifact_bytes = $bytes WHERE id = $id AND state = {States.Succeeded}",
                        ("$time", file.LastWriteTimeUtc.Ticks),
                        ("$bytes", file.Length),
                        ("$id", clip.Id)
                    )
                );
            }
        }
        else if (finding != Finding.Changed)
        {
            PutAside(folder, path);
            database.Write(connection =>
                connection.Run(
                    $"UPDATE jobs SET state = {States.Queued}, attempts = 0, failures = 0, finished_at = NULL, "
                        + "artifact_sha256 = NULL, artifact_bytes = NULL, artifact_time = NULL, outcome = NULL "
                        + $"WHERE id = $id AND state = {States.Succeeded} AND artifact_sha256 IS $sha",
                    ("$id", clip.Id),
                    ("$sha", clip.Sha256)
                )
            );
        }
    }

    private sealed record Clip(long Id, string Output, string? Sha256, long? Bytes, long? Time);
}
