using System.Runtime.InteropServices;
using WanSharp.Runtime.Providers;

namespace WanSharp.Hosting.Installation;

/// <summary>The packages that can be installed, by platform.</summary>
public static class ExtraCatalog
{
    /// <summary>ONNX Runtime with CUDA and TensorRT.</summary>
    public static string Cuda => ProviderProfiles.Cuda.ShortName;

    /// <summary>ONNX Runtime with WebGPU, and with DirectML on Windows.</summary>
    public static string WebGpu => ProviderProfiles.WebGpu.ShortName;

    /// <summary>ffmpeg.</summary>
    public const string Ffmpeg = "ffmpeg";

    private static readonly string[] OnnxRuntimeFiles =
    [
        "onnxruntime.dll",
        "libonnxruntime.so",
        "libonnxruntime.so.1",
        "libonnxruntime.1.dylib",
    ];

    // SHA-512 of each package's file, as the registries name it: a catalog's packageHash, npm's dist.integrity.
    private static readonly (string Rid, ExtraPackage Package)[] All =
    [
        .. OfNuGet(
            ("linux-x64", "Linux", "cZhkav+zM0582qgdS/QZUJ5gdf1ZEdYO/sTzRVJKyiTFlnHNY5M/0ssKGkAam3/mVUcW8XuqsMpjfCBGD3v0nQ=="),
            ("win-x64", "Windows", "HL9ZvlstfZCfck3a0MUQT0LKImIX7+pSsl3hFuxY799cry+T65/2SiCBSajzPWghb+0fXr+sgNn7ji0P0mS2QA==")
        ),
        .. OfOnnxRuntimeNode(
            ("linux-x64", "linux/x64"),
            ("linux-arm64", "linux/arm64"),
            ("win-x64", "win32/x64"),
            ("win-arm64", "win32/arm64"),
            ("osx-arm64", "darwin/arm64")
        ),
        .. OfFfmpegInstaller(
            ("linux-x64", "linux-x64", "4.1.0", "Y5BWhGLU/WpQjOArNIgXD3z5mxxdV8c41C+U15nsE5yF8tVcdCGet5zPs5Zy3Ta6bU7haGpIzryutqCGQA/W8A=="),
            (
                "linux-arm64",
                "linux-arm64",
                "4.1.4",
                "dljEqAOD0oIM6O6DxBW9US/FkvqvQwgJ2lGHOwHDDwu/pX8+V0YsDL1xqHbj1DMX/+nP9rxw7G7gcUvGspSoKg=="
            ),
            ("win-x64", "win32-x64", "4.1.0", "Drt5u2vzDnIONf4ZEkKtFlbvwj6rI3kxw1Ck9fpudmtgaZIHD4ucsWB2lCZBXRxJgXR+2IMSti+4rtM4C4rXgg=="),
            ("osx-x64", "darwin-x64", "4.1.0", "Z4EyG3cIFjdhlY8wI9aLUXuH8nVt7E9SlMVZtWvSPnm2sm37/yC2CwjUzyCQbJbySnef1tQwGG2Sx+uWhd9IAw=="),
            (
                "osx-arm64",
                "darwin-arm64",
                "4.1.5",
                "hYqTiP63mXz7wSQfuqfFwfLOfwwFChUedeCVKkBtl/cliaTM7/ePI9bVzfZ2c+dWu3TqCwLDRWNSJ5pqZl8otA=="
            )
        ),
    ];

    /// <summary>What can be asked for.</summary>
    public static IReadOnlyList<string> Names { get; } = [Cuda, WebGpu, Ffmpeg];

    /// <summary>This machine's platform, as .NET names it.</summary>
    public static string CurrentRid =>
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-"
        + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>The package that brings something to a platform; null when there is none.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="rid">The platform, such as "linux-x64".</param>
    public static ExtraPackage? Find(string name, string rid) => Array.Find(All, one => one.Rid == rid && one.Package.Name == name).Package;

    /// <summary>The package that brings something to a platform.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="rid">The platform, such as "linux-x64".</param>
    /// <exception cref="IOException">There is none.</exception>
    public static ExtraPackage Get(string name, string rid) =>
        Find(name, rid)
        ?? throw new IOException(
            $"There is no package with {name} for {rid}, only for "
                + $"{string.Join(", ", All.Where(one => one.Package.Name == name).Select(one => one.Rid))}."
        );

    private static IEnumerable<(string, ExtraPackage)> OfNuGet(params (string Rid, string System, string Sha512)[] platforms) =>
        platforms.Select(platform =>
            (
                platform.Rid,
                new ExtraPackage
                {
                    Name = Cuda,
                    Id = $"Microsoft.ML.OnnxRuntime.Gpu.{platform.System}",
                    Version = "1.31.0",
                    Registry = PackageRegistry.NuGet,
                    Sha512 = platform.Sha512,
                    Folder = $"runtimes/{platform.Rid}/native/",
                    Files = OnnxRuntimeFiles,
                }
            )
        );

    private static IEnumerable<(string, ExtraPackage)> OfOnnxRuntimeNode(params (string Rid, string Folder)[] platforms) =>
        platforms.Select(platform =>
            (
                platform.Rid,
                new ExtraPackage
                {
                    Name = WebGpu,
                    Id = "onnxruntime-node",
                    Version = "1.30.0",
                    Registry = PackageRegistry.Npm,
                    Sha512 = "twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==",
                    Folder = $"package/bin/napi-v6/{platform.Folder}/",
                    LeftOut = [".node", ".1.30.0.dylib"],
                    Files = OnnxRuntimeFiles,
                }
            )
        );

    private static IEnumerable<(string, ExtraPackage)> OfFfmpegInstaller(
        params (string Rid, string System, string Version, string Sha512)[] platforms
    ) =>
        platforms.Select(platform =>
            (
                platform.Rid,
                new ExtraPackage
                {
                    Name = Ffmpeg,
                    Id = $"@ffmpeg-installer/{platform.System}",
                    Version = platform.Version,
                    Registry = PackageRegistry.Npm,
                    Sha512 = platform.Sha512,
                    Folder = "package/",
                    LeftOut = [".json", ".md"],
                    Files = ["ffmpeg", "ffmpeg.exe"],
                }
            )
        );
}
