using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

/// <summary>
/// A receiver of the library's log messages, until it is released. The library has one environment a process and holds
/// its first creator's log parameter until the last user has gone, so the parameter is a number looked up here, never a
/// pointer that may have died: this table is the one piece of state that has to be static.
/// </summary>
internal sealed unsafe class OrtLogSink : SafeHandle
{
    private static readonly ConcurrentDictionary<nint, Action<OrtLogMessage>> Receivers = new();

    public OrtLogSink(Action<OrtLogMessage> receiver)
        : base(0, ownsHandle: true)
    {
        nint token = 1;
        while (!Receivers.TryAdd(token, receiver))
        {
            token++;
        }

        SetHandle(token);
    }

    /// <summary>The function that the library calls.</summary>
    public static delegate* unmanaged<nint, OrtLogLevel, byte*, byte*, byte*, byte*, void> Callback => &Write;

    /// <summary>The log parameter that stands for this receiver.</summary>
    public nint Token => handle;

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Receivers.TryRemove(handle, out _);

    [UnmanagedCallersOnly]
    private static void Write(nint token, OrtLogLevel level, byte* category, byte* session, byte* location, byte* message)
    {
        if (!Receivers.TryGetValue(token, out var receiver))
        {
            return;
        }

        try
        {
            receiver(new OrtLogMessage(level, Text(session), Text(message), Text(location)));
        }
        catch (Exception) // An exception must not cross native frames, and a log's failure must not end a run.
        { }
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
