using WanSharp.Runtime.Providers;

namespace WanSharp.Hosting.Installation;

/// <summary>The builds of ONNX Runtime that <see cref="ExtraInstaller"/> put into a folder of the user's.</summary>
public static class InstalledRuntime
{
    /// <summary>The build with CUDA, whether or not this machine can use it; null when this version of it is not installed.</summary>
    /// <param name="root">The user's folder for packages.</param>
    public static string? FindCuda(string root) => ExtraCatalog.Find(ExtraCatalog.Cuda, ExtraCatalog.CurrentRid)?.FindIn(root);

    /// <summary>
    /// The library to load: the build with CUDA, when this machine has the driver and the libraries that it needs, else the build
    /// with WebGPU; null when none is installed.
    /// </summary>
    /// <param name="root">The user's folder for packages.</param>
    public static string? FindUsable(string root) =>
        FindCuda(root) is { } library && CudaLibraries.Missing(ExtraCatalog.Cuda, library).Count == 0
            ? library
            : ExtraCatalog.Find(ExtraCatalog.WebGpu, ExtraCatalog.CurrentRid)?.FindIn(root);
}
