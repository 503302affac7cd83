namespace WanSharp.Runtime.Native;

/// <summary>Finds the ONNX Runtime library's file.</summary>
internal static class OrtLibrary
{
    /// <summary>The name of the file that the build puts next to the assemblies.</summary>
    public static string FileName =>
        OperatingSystem.IsWindows() ? "onnxruntime.dll"
        : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib"
        : "libonnxruntime.so";

    /// <summary>The file that was asked for, else the one next to the assemblies.</summary>
    /// <exception cref="OrtLibraryException">There is no such file.</exception>
    public static string Find(string? libraryPath)
    {
        var path = Path.GetFullPath(libraryPath ?? Path.Combine(AppContext.BaseDirectory, FileName));
        if (File.Exists(path))
        {
            return path;
        }

        throw new OrtLibraryException(
            libraryPath is null
                ? $"There is no ONNX Runtime library '{path}'. Build again, or set WAN_ONNXRUNTIME to a library of your own."
                : $"WAN_ONNXRUNTIME names '{path}', and there is no such file. Correct it, or unset it to "
                    + "use the library that comes with the build."
        );
    }
}
