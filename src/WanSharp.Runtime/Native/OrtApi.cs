using System.Globalization;
using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

/// <summary>One loaded ONNX Runtime library: its function table, its version, and the count of its live objects.</summary>
/// <remarks>
/// The library stays loaded until the process ends: its threads may outlive any environment. Thread-safe.
/// </remarks>
internal sealed unsafe class OrtApi
{
    /// <summary>
    /// The lowest API version that has all that a session needs; the latest such function is
    /// <c>SessionOptionsAppendExecutionProvider</c> (ONNX Runtime 1.12). A library older than the version asked for
    /// returns no table, and users bring their own builds, so nothing newer is required.
    /// </summary>
    public const uint RequiredVersion = 12;

    /// <summary>The first version with <c>SessionOptionsSetLoadCancellationFlag</c>, used where the library has it.</summary>
    private const uint LoadCancellationVersion = 22;

    /// <summary>The first version with <c>GetEpDevices</c>, used where the library has it.</summary>
    private const uint DevicesVersion = 22;

    private static long _liveInProcess;

    private long _liveObjects;

    private OrtApi(OrtApiTable* table, string libraryPath, string libraryVersion, uint apiVersion)
    {
        Table = table;
        LibraryPath = libraryPath;
        LibraryVersion = libraryVersion;
        CanCancelLoading = apiVersion >= LoadCancellationVersion;
        KnowsDevices = apiVersion >= DevicesVersion;
    }

    /// <summary>The functions.</summary>
    public OrtApiTable* Table { get; }

    /// <summary>The library's file.</summary>
    public string LibraryPath { get; }

    /// <summary>The library's version, such as "1.30.0".</summary>
    public string LibraryVersion { get; }

    /// <summary>Whether the creation of a session can be cancelled.</summary>
    public bool CanCancelLoading { get; }

    /// <summary>Whether the library can tell which devices its providers have.</summary>
    public bool KnowsDevices { get; }

    /// <summary>Native objects that were created and not yet released.</summary>
    public long LiveObjects => Interlocked.Read(ref _liveObjects);

    /// <summary>The live objects of all libraries of the process: a test that compares them finds what was not released.</summary>
    public static long LiveInProcess => Interlocked.Read(ref _liveInProcess);

    /// <summary>Loads a library, its telemetry turned off, and takes its function table.</summary>
    /// <exception cref="OrtLibraryException">The file is not an ONNX Runtime, or an older one than is needed.</exception>
    public static OrtApi Load(string libraryPath)
    {
        OrtTelemetry.DisableBeforeLoading();
        nint library;
        try
        {
            library = NativeLibrary.Load(libraryPath);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new OrtLibraryException(
                $"'{libraryPath}' is not a library that this system can load: {e.Message} Name an ONNX Runtime "
                    + $"library for {RuntimeInformation.RuntimeIdentifier}.",
                e
            );
        }

        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out var getApiBase))
        {
            throw new OrtLibraryException($"'{libraryPath}' is not ONNX Runtime: it has no function OrtGetApiBase.");
        }

        return FromBase(((delegate* unmanaged<OrtApiBase*>)getApiBase)(), libraryPath);
    }

    /// <summary>Takes the function table that a library's entry point offers.</summary>
    /// <exception cref="OrtLibraryException">The library is older than is needed.</exception>
    internal static OrtApi FromBase(OrtApiBase* apiBase, string libraryPath)
    {
        var version = Marshal.PtrToStringUTF8((nint)apiBase->GetVersionString()) ?? "of an unknown version";

        // The API version is the minor version ("1.30.0" has API 30). A library asked for more prints a complaint, so ask for no more.
        var minor =
            version.Split('.') is [_, var text, ..] && uint.TryParse(text, CultureInfo.InvariantCulture, out var number)
                ? number
                : RequiredVersion;
        var wanted = minor >= LoadCancellationVersion ? LoadCancellationVersion : RequiredVersion;
        var table = apiBase->GetApi(wanted);
        return table != null
            ? new OrtApi(table, libraryPath, version, wanted)
            : throw new OrtLibraryException(
                $"'{libraryPath}' is ONNX Runtime {version}, which is too old: version 1.{RequiredVersion} or later is needed."
            );
    }

    /// <summary>Throws what a failed call reported; frees the status.</summary>
    /// <param name="status">What the call returned: null for success.</param>
    /// <param name="doing">What the call was for, with the graph's name: "running graph 'block'".</param>
    public void Check(nint status, string doing)
    {
        if (status != 0)
        {
            throw ToException(status, doing);
        }
    }

    /// <summary>The exception that a status stands for; frees the status.</summary>
    public OrtException ToException(nint status, string doing)
    {
        var code = Table->GetErrorCode(status);
        var message = Marshal.PtrToStringUTF8((nint)Table->GetErrorMessage(status));
        Table->ReleaseStatus(status);
        return new OrtException(code, $"ONNX Runtime failed while {doing} ({code}): {message}");
    }

    /// <summary>Reads a string that the library's default allocator made, and frees it.</summary>
    public string TakeString(nint allocator, byte* text)
    {
        var value = Marshal.PtrToStringUTF8((nint)text) ?? "";
        Check(Table->AllocatorFree(allocator, text), "freeing a string");
        return value;
    }

    /// <summary>Counts an object as created (1) or released (−1).</summary>
    public void CountObject(int change)
    {
        Interlocked.Add(ref _liveObjects, change);
        Interlocked.Add(ref _liveInProcess, change);
    }
}
