namespace WanSharp.Runtime.Native;

/// <summary>Finds the ONNX Runtime library's file.</summary>
internal static class OrtLibrary
{
    /// <summary>The name of the file that the build puts beside the assemblies.</summary>
    public static string FileName =>
        OperatingSystem.IsWindows() ? "onnxruntime.dll"
        : OperatingSystem.IsMacOS() ? "libonnxruntime.1.dylib"
        : "libonnxruntime.so.1";

    /// <summary>The file that was asked for, else the one beside the assemblies.</summary>
    /// <exception cref="OrtLibraryException">There is no such file.</exception>
    public static string Find(string? libraryPath)
    {
        var path = Path.GetFullPath(libraryPath ?? Path.Combine(AppContext.BaseDirectory, FileName));
        if (File.Exists(path))
        {
            return path;
        }

        throw new OrtLibraryException(libraryPath is null
            ? $"There is no ONNX Runtime library '{path}'. Build again (the build fetches it with npm), or name one with WAN_ONNXRUNTIME."
            : $"There is no file '{path}', which was named as the ONNX Runtime library. Correct WAN_ONNXRUNTIME, or unset it for the library that comes with the build.");
    }
}
