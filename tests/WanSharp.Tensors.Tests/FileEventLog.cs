using System.Diagnostics.Tracing;

namespace WanSharp.Tensors.Tests;

/// <summary>What <see cref="FileEvents"/> tells of a folder, in order.</summary>
internal sealed class FileEventLog : EventListener
{
    private readonly string _folder;
    private readonly List<(int Id, string Path)> _events = [];

    public FileEventLog(string folder)
    {
        _folder = folder;
        EnableEvents(FileEvents.Log, EventLevel.Verbose);
    }

    public IReadOnlyList<(int Id, string Path)> Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.Payload is [string path, ..] && _folder is { } folder && path.StartsWith(folder, StringComparison.Ordinal))
        {
            lock (_events)
            {
                _events.Add((eventData.EventId, path));
            }
        }
    }
}
