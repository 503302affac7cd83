using System.Reflection;
using System.Runtime.InteropServices;

namespace WanSharp.Testing;

/// <summary>What <c>npm ci</c> in <c>tests/tools</c> brings: programs and libraries to compare with. Tests skip without it.</summary>
public static class NodePackages
{
    private static string Platform =>
        OperatingSystem.IsWindows() ? "win32"
        : OperatingSystem.IsMacOS() ? "darwin"
        : "linux";

    private static string Architecture =>
        RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "x64";

    /// <summary>The folder of all packages, which may not exist.</summary>
    public static string Folder { get; } =
        typeof(NodePackages)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "NodeModules")
            .Value!;

    /// <summary>The ffmpeg of 2018, the oldest that must work; skips the test where it is not installed.</summary>
    public static string Ffmpeg
    {
        get
        {
            var file = Path.Combine(
                Require($"@ffmpeg-installer/{Platform}-{Architecture}"),
                OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg"
            );
            if (!OperatingSystem.IsWindows())
            {
                // the package's own script, which is not run, would do it
                File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.UserExecute);
            }

            return file;
        }
    }

    /// <summary>The build of ONNX Runtime with WebGPU; skips the test where it is not installed.</summary>
    public static string WebGpuLibrary =>
        Path.Combine(
            Require("onnxruntime-node"),
            "bin",
            "napi-v6",
            Platform,
            Architecture,
            OperatingSystem.IsWindows() ? "onnxruntime.dll"
                : OperatingSystem.IsMacOS() ? "libonnxruntime.1.dylib"
                : "libonnxruntime.so.1"
        );

    /// <summary>The folder of one package; skips the test where it is not installed.</summary>
    public static string Require(string name)
    {
        var folder = Path.Combine(Folder, name);
        Assert.SkipUnless(Directory.Exists(folder), $"{name} is not installed: run npm ci --ignore-scripts in tests/tools.");
        return folder;
    }
}
