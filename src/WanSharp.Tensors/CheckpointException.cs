namespace WanSharp.Tensors;

/// <summary>A checkpoint cannot be read or written: the message names the file, the tensor if one is to blame, and the way out.</summary>
public sealed class CheckpointException : Exception
{
    private const int LongestName = 200;

    /// <summary>Something is wrong with the file as a whole.</summary>
    public CheckpointException(string path, string problem, Exception? cause = null)
        : base($"{path}: {problem}", cause) => File = path;

    /// <summary>Something is wrong with one tensor.</summary>
    public CheckpointException(string path, string tensor, string problem)
        : base($"{path}: tensor {Quote(tensor)}: {problem}") => File = path;

    /// <summary>What it is about: a file, or a folder or a name where no file was found.</summary>
    public string File { get; }

    /// <summary>A name from a file, made fit for a message: cut when long, without control characters.</summary>
    internal static string Quote(string name)
    {
        var shown = name.Length > LongestName ? name[..LongestName] + "…" : name;
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) ? '\uFFFD' : c))}'";
    }
}
