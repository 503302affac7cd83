using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

/// <summary>
/// Turns off what builds of ONNX Runtime report to their maker: the machine's identifier and the process's command line
/// (with the prompt), from a thread that runs out of stack on a command line of 30,000 bytes.
/// </summary>
/// <remarks>
/// microsoft/onnxruntime:onnxruntime/core/platform/telemetry_environment.h. The library decides when its environment is made,
/// once for the process, so the variables are set before it is loaded. It asks <c>getenv</c>: .NET's own
/// <see cref="Environment.SetEnvironmentVariable(string, string?)"/> changes a copy that native code does not see, except on Windows.
/// </remarks>
internal static unsafe partial class OrtTelemetry
{
    /// <summary>Two names: releases from 1.29 on know the first, other builds the second.</summary>
    internal static readonly string[] Variables = ["ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"];

    /// <summary>Turns it off for this process, whatever the user's environment says. To be called before the library is loaded.</summary>
    /// <exception cref="OrtLibraryException">The system takes no variable, so that the library would report.</exception>
    public static void DisableBeforeLoading()
    {
        foreach (var name in Variables)
        {
            if (OperatingSystem.IsWindows())
            {
                Environment.SetEnvironmentVariable(name, "1");
            }
            else if (SetVariable(name, "1", overwrite: 1) != 0)
            {
                throw new OrtLibraryException(
                    $"ONNX Runtime's telemetry cannot be turned off: the environment takes no variable {name} "
                        + $"(error {Marshal.GetLastPInvokeError()})."
                );
            }
        }
    }

    /// <summary>
    /// Turns it off by the library's own switch, which is the only one of Windows' older builds. They have then said that a
    /// process began, to whoever listens on the machine.
    /// </summary>
    /// <param name="api">The library.</param>
    /// <param name="environment">Its environment.</param>
    public static void Disable(OrtApi api, nint environment) =>
        api.Check(api.Table->DisableTelemetryEvents(environment), "turning telemetry off");

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
