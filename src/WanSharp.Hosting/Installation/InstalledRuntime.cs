using WanSharp.Runtime.Native;
using WanSharp.Runtime.Providers;

namespace WanSharp.Hosting.Installation;

/// <summary>The GPU build of ONNX Runtime that <see cref="RuntimeInstaller"/> put into a folder of the user's.</summary>
public static class InstalledRuntime
{
    /// <summary>The version of the GPU packages, which are published apart from the one that ships with the program.</summary>
    public const string Version = "1.31.0";

    /// <summary>The library, whether or not this machine can use its providers; null when none of our version is installed.</summary>
    /// <param name="root">The user's folder for providers.</param>
    public static string? Find(string root)
    {
        var folder = FolderOf(root);
        return new[] { OrtLibrary.FileName, "libonnxruntime.so" }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>
    /// The library, when this machine has the driver and the libraries that it needs: without them it would only cost WebGPU.
    /// </summary>
    /// <param name="root">The user's folder for providers.</param>
    public static string? FindUsable(string root) => Find(root) is { } library && CudaLibraries.Missing().Count == 0 ? library : null;

    /// <summary>Where the libraries of our version are.</summary>
    internal static string FolderOf(string root) => Path.Combine(root, ProviderProfiles.Cuda.ShortName, Version);
}
