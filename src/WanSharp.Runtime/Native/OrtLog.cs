using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

/// <summary>
/// Brings the library's log messages to the runtime that asked for them. The library has one environment a process
/// and holds the first creator's log parameter until the last user has gone, so the parameter is a number
/// looked up here, never a pointer that may have died.
/// </summary>
internal static unsafe class OrtLog
{
    private static readonly ConcurrentDictionary<nint, Action<OrtLogMessage>> Sinks = new();

    /// <summary>The function that the library calls.</summary>
    public static delegate* unmanaged<nint, OrtLogLevel, byte*, byte*, byte*, byte*, void> Callback => &Write;

    /// <summary>Adds a receiver; the number is the library's log parameter.</summary>
    public static nint Add(Action<OrtLogMessage> sink)
    {
        nint token = 1;
        while (!Sinks.TryAdd(token, sink))
        {
            token++;
        }

        return token;
    }

    /// <summary>Removes a receiver.</summary>
    public static void Remove(nint token) => Sinks.TryRemove(token, out _);

    [UnmanagedCallersOnly]
    private static void Write(nint token, OrtLogLevel level, byte* category, byte* session, byte* location, byte* message)
    {
        if (!Sinks.TryGetValue(token, out var sink))
        {
            return;
        }

        try
        {
            sink(new OrtLogMessage(level, Text(session), Text(message), Text(location)));
        }
        catch (Exception) // An exception must not cross native frames, and a log's failure must not end a run.
        {
        }
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
