using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>What tells, without reading it, that a file is not what it was: where its links lead, its length and its time.</summary>
/// <param name="Path">The file's path without links.</param>
/// <param name="Length">Its length; -1 where it does not exist.</param>
/// <param name="Written">When it was last written to.</param>
internal readonly record struct FileStamp(string Path, long Length, DateTime Written)
{
    /// <summary>The stamp of a file as it is now.</summary>
    public static FileStamp Of(string path)
    {
        var facts = FileFacts.Of(path);
        return facts.Exists
            ? new FileStamp(facts.FullName, facts.Length, facts.LastWriteTimeUtc)
            : new FileStamp(facts.FullName, -1, default);
    }
}
