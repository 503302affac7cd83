namespace WanSharp.Jobs.Storage;

/// <summary>
/// A folder of jobs: the artifacts at its top, and in <c>.wan</c> what is needed to make them. Everything is on one volume, so that an artifact
/// comes to its place in one rename.
/// </summary>
public sealed class JobFolder
{
    private const string StateName = ".wan";

    private JobFolder(string path) => Path = path;

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The jobs' database.</summary>
    public string Database => System.IO.Path.Combine(State, "jobs.db");

    /// <summary>The jobs in plain text, from which a damaged database is made again.</summary>
    public string Journal => System.IO.Path.Combine(State, "jobs.jsonl");

    /// <summary>A lock file for each process that works here.</summary>
    public string Workers => System.IO.Path.Combine(State, "workers");

    private string State => System.IO.Path.Combine(Path, StateName);

    private string Snapshots => System.IO.Path.Combine(State, "snapshots");

    /// <summary>Whether a folder holds jobs.</summary>
    public static bool Exists(string path) => Directory.Exists(System.IO.Path.Combine(path, StateName));

    /// <summary>The folder, made if it is not there.</summary>
    /// <exception cref="JobStoreException">It cannot be made or written.</exception>
    public static JobFolder Create(string path)
    {
        var folder = new JobFolder(System.IO.Path.GetFullPath(path));
        try
        {
            Directory.CreateDirectory(folder.Workers);
            Directory.CreateDirectory(folder.Snapshots);
            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobStoreException($"{path} cannot hold jobs: {exception.Message} Name a folder that can be written.", exception);
        }
    }

    /// <summary>A folder that is there already.</summary>
    /// <exception cref="JobStoreException">It holds no jobs, or cannot be written.</exception>
    public static JobFolder Open(string path) => Exists(path)
        ? Create(path)
        : throw new JobStoreException($"{path} holds no jobs: name the folder that `wan batch` wrote to.");

    /// <summary>Where an artifact is when its job has succeeded.</summary>
    public string Artifact(string output) => System.IO.Path.Combine(Path, output);

    /// <summary>A file about the batch as a whole.</summary>
    public string Settings(string name) => System.IO.Path.Combine(State, name);

    internal string Snapshot(long job) => System.IO.Path.Combine(Snapshots, System.IO.Path.ChangeExtension(job.ToString(System.Globalization.CultureInfo.InvariantCulture), ".bin"));

    internal string WorkOf(string worker) => System.IO.Path.Combine(Workers, worker);

    internal string LockOf(string worker) => System.IO.Path.Combine(Workers, worker + ".lock");
}
