using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace WanSharp.Runtime.Providers;

/// <summary>What ONNX Runtime's providers for NVIDIA's devices load next to themselves.</summary>
/// <remarks>
/// A library of Linux says itself what it needs, in the versions that it was built with. On Windows the table has what the build needs
/// that is installed here. Some libraries no file mentions, because they are opened on use: the table has them for both.
/// </remarks>
public static partial class CudaLibraries
{
    private const string Driver = "NVIDIA's driver, 580 or newer for CUDA 13";

    // NVIDIA's packages for Debian and its kin; {0} is the version of CUDA, such as 13.
    private static readonly (string Stem, string What, string ToInstall)[] Known =
    [
        ("libcuda", "the NVIDIA driver", Driver),
        ("libcudart", "the CUDA runtime", "cuda-cudart-{0}-0"),
        ("libcublas", "cuBLAS", "libcublas-{0}-0"),
        ("libcublasLt", "cuBLAS", "libcublas-{0}-0"),
        ("libcurand", "cuRAND", "libcurand-{0}-0"),
        ("libcufft", "cuFFT", "libcufft-{0}-0"),
        ("libnvrtc", "NVRTC", "cuda-nvrtc-{0}-0"),
        ("libcudnn", "cuDNN", "cudnn9-cuda-{0}"),
        ("libnvinfer", "NVIDIA TensorRT", "libnvinfer10"),
        ("libnvonnxparser", "its parser", "libnvonnxparsers10"),
    ];

    /// <summary>cuDNN is opened when the first convolution runs, so no file asks for it: the VAE would fail after all steps.</summary>
    private const string OpenedOnUse = "libcudnn.so.9";

    // Imports of onnxruntime_providers_cuda.dll 1.31.0, and what it opens on use.
    private static readonly string[] OfWindows = ["nvcuda.dll", "cudart64_13.dll", "cublasLt64_13.dll", "cublas64_13.dll", "cudnn64_9.dll"];

    private static readonly string[] OfWindowsTensorRt = ["nvinfer_10.dll", "nvonnxparser_10.dll"];

    /// <summary>Tries to load what a provider needs; names what this machine cannot.</summary>
    /// <param name="provider">Any of the provider's names.</param>
    /// <param name="library">The ONNX Runtime library, next to which the provider's file is.</param>
    /// <returns>Nothing for a provider without a file there, and for those of other devices.</returns>
    public static IReadOnlyList<MissingLibrary> Missing(string provider, string library) => Missing(provider, library, CanLoad);

    /// <summary>The version of CUDA that a provider's file was built for; null for a provider without a file there.</summary>
    /// <inheritdoc cref="Missing(string, string)" path="/param"/>
    internal static int? VersionFor(string provider, string library)
    {
        var file = ProviderLibrary.PathOf(provider, library);
        return File.Exists(file) && NeedsOf(file, ProviderProfiles.Of(provider)) is { } needed
            ? int.Parse(VersionOfCuda(needed), CultureInfo.InvariantCulture)
            : null;
    }

    /// <inheritdoc cref="Missing(string, string)"/>
    internal static IReadOnlyList<MissingLibrary> Missing(string provider, string library, Func<string, bool> canLoad)
    {
        var profile = ProviderProfiles.Of(provider);
        if (profile.Needs != ProviderNeeds.Cuda)
        {
            return [];
        }

        var others = profile.Fallback is { } fallback ? Missing(fallback, library, canLoad) : [];
        var file = ProviderLibrary.PathOf(provider, library);
        if (!File.Exists(file))
        {
            return others;
        }

        if (NeedsOf(file, profile) is not { } needed)
        {
            return [new("the provider itself", file, "the provider again, with `wan providers install`")];
        }

        return [.. others.Concat(needed.Where(name => !canLoad(name)).Select(name => Describe(name, needed))).Distinct()];
    }

    private static string[]? NeedsOf(string file, ProviderProfile profile)
    {
        if (OperatingSystem.IsWindows())
        {
            return profile.BuildsForShapes ? OfWindowsTensorRt : OfWindows;
        }

        return ElfNeeds.Read(file) is { } asked ? [.. asked.Where(IsNvidias).Append(OpenedOnUse).Distinct()] : null;
    }

    private static bool IsNvidias(string file) => Array.Exists(Known, library => library.Stem == StemOf(file));

    private static MissingLibrary Describe(string file, IEnumerable<string> all)
    {
        var (_, what, toInstall) = Array.Find(Known, library => library.Stem == StemOf(file));
        return new(what, file, toInstall.Replace("{0}", VersionOfCuda(all), StringComparison.Ordinal));
    }

    /// <summary>The version of the runtime that is asked for.</summary>
    private static string VersionOfCuda(IEnumerable<string> all) =>
        all.Select(file => Version().Match(file)).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "13";

    /// <summary>"libcublasLt" of libcublasLt.so.13 and of cublasLt64_13.dll; the driver has a name of its own on Windows.</summary>
    private static string StemOf(string file)
    {
        var stem = Stem().Match(file).Groups[1].Value;
        return "lib" + (stem.StartsWith("nvcuda", StringComparison.Ordinal) ? stem[2..] : stem);
    }

    private static bool CanLoad(string name)
    {
        var found = NativeLibrary.TryLoad(name, out var library);
        if (found)
        {
            NativeLibrary.Free(library);
        }

        return found;
    }

    [GeneratedRegex(@"^(?:lib)?([A-Za-z]+)(?:64)?(?:_\d+)?\.(?:so|dll)")]
    private static partial Regex Stem();

    [GeneratedRegex(@"cudart(?:\.so\.|64_)(\d+)")]
    private static partial Regex Version();
}
