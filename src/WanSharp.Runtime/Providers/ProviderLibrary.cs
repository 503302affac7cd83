namespace WanSharp.Runtime.Providers;

/// <summary>
/// The execution providers that live in a file of their own beside the ONNX Runtime library. A library is often
/// built for more providers than it was delivered with.
/// </summary>
internal static class ProviderLibrary
{
    private static readonly HashSet<string> InFilesOfTheirOwn = ["cuda", "tensorrt", "rocm", "migraphx", "openvino", "dnnl"];

    /// <summary>Whether a provider that a library names can be loaded, so far as files tell.</summary>
    /// <param name="provider">The provider's short name.</param>
    /// <param name="libraryPath">The ONNX Runtime library.</param>
    public static bool IsPresent(string provider, string libraryPath) =>
        !InFilesOfTheirOwn.Contains(provider) || File.Exists(Path.Combine(Path.GetDirectoryName(libraryPath)!, FileName(provider)));

    private static string FileName(string provider) =>
        OperatingSystem.IsWindows() ? $"onnxruntime_providers_{provider}.dll"
        : OperatingSystem.IsMacOS() ? $"libonnxruntime_providers_{provider}.dylib"
        : $"libonnxruntime_providers_{provider}.so";
}
