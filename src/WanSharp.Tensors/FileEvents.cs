using System.Diagnostics.Tracing;

namespace WanSharp.Tensors;

/// <summary>
/// The order in which files reach the disk, for tracing tools. Tests replay it: after any prefix of these events the power
/// may be cut, and what was not flushed is gone.
/// </summary>
[EventSource(Name = SourceName)]
internal sealed class FileEvents : EventSource
{
    public const string SourceName = "WanSharp-Files";

    public const int CreatedId = 1;
    public const int FlushedId = 2;
    public const int RenamedId = 3;
    public const int FolderFlushedId = 4;
    public const int DeletedId = 5;

    public static readonly FileEvents Log = new();

    private FileEvents() { }

    /// <summary>A file or folder was made.</summary>
    [Event(CreatedId)]
    public void Created(string path) => WriteEvent(CreatedId, path);

    /// <summary>All bytes that a file has now are on the disk; its name may not be.</summary>
    [Event(FlushedId)]
    public void Flushed(string path) => WriteEvent(FlushedId, path);

    /// <summary>A file or folder was renamed, or put in the place of another; the disk may not know yet.</summary>
    [Event(RenamedId)]
    public void Renamed(string from, string to) => WriteEvent(RenamedId, from, to);

    /// <summary>The names in a folder are on the disk.</summary>
    [Event(FolderFlushedId)]
    public void FolderFlushed(string path) => WriteEvent(FolderFlushedId, path);

    /// <summary>A file was emptied or deleted, or a folder deleted; the disk may not know yet.</summary>
    [Event(DeletedId)]
    public void Deleted(string path) => WriteEvent(DeletedId, path);
}
