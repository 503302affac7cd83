using System.Diagnostics.Tracing;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>
/// Watches a folder through <see cref="FileEvents"/> and keeps, after each event, what a disk may hold if the power is cut then:
/// once as a file system does that had written all names but only the bytes that were flushed, and once as one that had written
/// no name either whose folder was not flushed.
/// </summary>
/// <remarks>Only for systems that lock files by advice, so that those being written can be read.</remarks>
public sealed partial class PowerCut : EventListener
{
    private readonly Lock _gate = new();
    private readonly string? _folder;
    private readonly Func<IReadOnlySet<string>>? _promised;
    private readonly Dictionary<string, Node> _nodes = [];
    private readonly List<Disk> _disks = [];

    /// <param name="folder">The folder.</param>
    /// <param name="promised">What must survive from now on, whatever happens; noted with each state.</param>
    public PowerCut(string folder, Func<IReadOnlySet<string>> promised)
    {
        (_folder, _promised) = (folder, promised);
        _nodes[folder] = new Node { IsFolder = true };
        EnableEvents(FileEvents.Log, EventLevel.Verbose);
    }

    /// <summary>What the disk may hold, in the order of the events.</summary>
    public IReadOnlyList<Disk> Disks
    {
        get
        {
            lock (_gate)
            {
                return [.. _disks];
            }
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (_folder is null || eventData.Payload is not [string path, ..] || !path.StartsWith(_folder, StringComparison.Ordinal))
        {
            return;
        }

        lock (_gate)
        {
            switch (eventData.EventId)
            {
                case FileEvents.FlushedId:
                    NodeOf(path).Bytes = Read(path);
                    break;
                case FileEvents.RenamedId:
                    Rename(path, (string)eventData.Payload[1]!);
                    break;
                case FileEvents.FolderFlushedId:
                    NodeOf(path).Children = Directory
                        .EnumerateFileSystemEntries(path)
                        .ToDictionary(child => Path.GetFileName(child), NodeOf);
                    break;
                case FileEvents.DeletedId:
                    _nodes.Remove(path);
                    break;
            }

            IReadOnlySet<string> promised = new HashSet<string>(_promised!());
            _disks.Add(new Disk($"{eventData.EventName} {path}, names written", WithNames(_folder), promised));
            _disks.Add(new Disk($"{eventData.EventName} {path}, names lost", Flushed("", _nodes[_folder]), promised));
        }
    }

    private Node NodeOf(string path)
    {
        if (!_nodes.TryGetValue(path, out var node))
        {
            _nodes[path] = node = new Node { IsFolder = Directory.Exists(path) };
        }

        return node;
    }

    private void Rename(string from, string to)
    {
        foreach (
            var (path, node) in _nodes
                .Where(pair => pair.Key == from || pair.Key.StartsWith(from + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                .ToList()
        )
        {
            _nodes.Remove(path);
            _nodes[to + path[from.Length..]] = node;
        }
    }

    /// <summary>All names that are there, each file with the bytes that were flushed.</summary>
    private Dictionary<string, byte[]?> WithNames(string folder) =>
        Directory
            .EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(
                path => Path.GetRelativePath(folder, path),
                path => Directory.Exists(path) ? null : _nodes.GetValueOrDefault(path)?.Bytes ?? []
            );

    /// <summary>The names of folders that were flushed.</summary>
    private static Dictionary<string, byte[]?> Flushed(string path, Node folder)
    {
        var found = new Dictionary<string, byte[]?>();
        foreach (var (name, child) in folder.Children)
        {
            var place = Path.Combine(path, name);
            found[place] = child.IsFolder ? null : child.Bytes;
            foreach (var (below, bytes) in Flushed(place, child))
            {
                found[below] = bytes;
            }
        }

        return found;
    }

    /// <summary>The bytes of a file that its writer has locked.</summary>
    private static byte[] Read(string path)
    {
        using var file = new SafeFileHandle(Open(path, 0), ownsHandle: true);
        var bytes = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, bytes, 0);
        return bytes;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    /// <summary>What a disk may hold.</summary>
    /// <param name="When">After which event.</param>
    /// <param name="Files">Bytes by path; null for a folder.</param>
    /// <param name="Promised">What must be among them.</param>
    public sealed record Disk(string When, IReadOnlyDictionary<string, byte[]?> Files, IReadOnlySet<string> Promised)
    {
        /// <summary>Writes it into a folder.</summary>
        public void Restore(string folder)
        {
            foreach (var (path, bytes) in Files.OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                var place = Path.Combine(folder, path);
                Directory.CreateDirectory(bytes is null ? place : Path.GetDirectoryName(place)!);
                if (bytes is not null)
                {
                    File.WriteAllBytes(place, bytes);
                }
            }
        }
    }

    private sealed class Node
    {
        public bool IsFolder { get; init; }

        public byte[] Bytes { get; set; } = [];

        public Dictionary<string, Node> Children { get; set; } = [];
    }
}
