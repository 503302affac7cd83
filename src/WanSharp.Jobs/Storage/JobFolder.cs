using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// A folder of jobs: the artifacts at its top, and in <c>.wan</c> what is needed to make them. Everything is on one volume, so that an
/// artifact
/// comes to its place in one rename.
/// </summary>
public sealed class JobFolder
{
    private const string StateName = ".wan";

    private readonly string _state;

    private JobFolder(string path, string? state = null) => (Path, _state) = (path, state ?? System.IO.Path.Combine(path, StateName));

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The jobs' database.</summary>
    public string Database => System.IO.Path.Combine(_state, "jobs.db");

    /// <summary>The jobs and what became of them, in plain text: what the database is made from again.</summary>
    public string Journal => System.IO.Path.Combine(_state, "jobs.jsonl");

    /// <summary>A lock file for each process that works here.</summary>
    public string Workers => System.IO.Path.Combine(_state, "workers");

    /// <summary>Where files go that were in a clip's place and are not one.</summary>
    public string Aside => System.IO.Path.Combine(_state, "aside");

    private string Snapshots => System.IO.Path.Combine(_state, "snapshots");

    /// <summary>Whether a folder holds jobs.</summary>
    public static bool Exists(string path) => Directory.Exists(System.IO.Path.Combine(path, StateName));

    /// <summary>The folder, made if it is not there.</summary>
    /// <exception cref="JobStoreException">It cannot be made or written.</exception>
    public static JobFolder Create(string path)
    {
        var folder = new JobFolder(System.IO.Path.GetFullPath(path));
        try
        {
            DurableFiles.CreateFolder(folder.Workers);
            DurableFiles.CreateFolder(folder.Snapshots);
            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobStoreException($"{path} cannot hold jobs: {exception.Message} Name a folder that can be written.", exception);
        }
    }

    /// <summary>A folder that is there already.</summary>
    /// <exception cref="JobStoreException">It holds no jobs, or cannot be written.</exception>
    public static JobFolder Open(string path) =>
        Exists(path)
            ? Create(path)
            : throw new JobStoreException(
                $"{path} holds no jobs: name the folder that `wan batch` wrote to; if that was stopped before it wrote any, run it as "
                    + "you started it."
            );

    /// <summary>The folder with a copy of its state, for a folder that cannot be written.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="copy">An empty folder that gets the copy.</param>
    /// <exception cref="JobStoreException">The state cannot be read.</exception>
    internal static JobFolder CopyState(string path, string copy)
    {
        var (from, to) = (new JobFolder(System.IO.Path.GetFullPath(path)), new JobFolder(System.IO.Path.GetFullPath(path), copy));
        try
        {
            foreach (var part in (string[])[from.Database, from.Database + "-wal", from.Journal])
            {
                if (File.Exists(part))
                {
                    File.Copy(part, System.IO.Path.Combine(copy, System.IO.Path.GetFileName(part)));
                }
            }

            Directory.CreateDirectory(to.Workers);
            return to;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobStoreException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Where an artifact is when its job has succeeded.</summary>
    public string Artifact(string output) => System.IO.Path.Combine(Path, output);

    /// <summary>A file about the batch as a whole.</summary>
    public string Settings(string name) => System.IO.Path.Combine(_state, name);

    /// <summary>What makes the batch's clips, as the journal has it; null when it does not.</summary>
    public JsonElement? RecoverSettings() => JobJournal.Read(Journal).Settings;

    internal string Snapshot(long job) =>
        System.IO.Path.Combine(
            Snapshots,
            System.IO.Path.ChangeExtension(job.ToString(System.Globalization.CultureInfo.InvariantCulture), ".bin")
        );

    /// <summary>Deletes what is kept of a job between its attempts: a file, or the folder of a film.</summary>
    internal void DeleteSnapshot(long job)
    {
        var path = Snapshot(job);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }

    internal string WorkOf(string worker) => System.IO.Path.Combine(Workers, worker);

    internal string LockOf(string worker) => System.IO.Path.Combine(Workers, worker + ".lock");
}
