using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Providers;

/// <summary>What ONNX Runtime's CUDA provider loads next to itself.</summary>
public static class CudaLibraries
{
    // Each in the versions that builds of ONNX Runtime have asked for, newest first.
    private static readonly (string What, string[] Linux, string[] Windows)[] Needed =
    [
        ("the NVIDIA driver", ["libcuda.so.1"], ["nvcuda.dll"]),
        ("the CUDA runtime", ["libcudart.so.13", "libcudart.so.12"], ["cudart64_13.dll", "cudart64_12.dll"]),
        ("cuBLAS", ["libcublas.so.13", "libcublas.so.12"], ["cublas64_13.dll", "cublas64_12.dll"]),
        ("cuDNN", ["libcudnn.so.9"], ["cudnn64_9.dll"]),
    ];

    /// <summary>Tries to load each; names those that this machine cannot.</summary>
    public static IReadOnlyList<string> Missing() =>
        Missing(name =>
        {
            var found = NativeLibrary.TryLoad(name, out var library);
            if (found)
            {
                NativeLibrary.Free(library);
            }

            return found;
        });

    /// <summary>Names what cannot be loaded.</summary>
    internal static IReadOnlyList<string> Missing(Func<string, bool> canLoad) =>
        [
            .. Needed
                .Select(library => (library.What, Names: OperatingSystem.IsWindows() ? library.Windows : library.Linux))
                .Where(library => !library.Names.Any(canLoad))
                .Select(library => $"{library.What} ({string.Join(" or ", library.Names)})"),
        ];
}
