namespace WanSharp.Runtime.Providers;

/// <summary>What a choice of provider depends on.</summary>
public sealed record MachineFacts
{
    /// <summary>The operating system: "linux", "windows" or "macos".</summary>
    public required string System { get; init; }

    /// <summary>The providers that the ONNX Runtime library has (<see cref="OrtRuntime.AvailableProviders"/>).</summary>
    public required IReadOnlyList<string> Offered { get; init; }

    /// <summary>Whether WebGPU has a GPU; null when the library cannot tell.</summary>
    public bool? HasGpu { get; init; }

    /// <summary>The Vulkan driver that the environment asks for instead of the system's; null for the system's.</summary>
    public string? VulkanDriver { get; init; }

    /// <summary>Whether a build with CUDA is installed; it is loaded only once nothing is missing.</summary>
    public bool IsCudaInstalled { get; init; }

    /// <summary>What providers of that build, or of the one that is loaded, need and this machine cannot load, by their names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<MissingLibrary>> Missing { get; init; } =
        new Dictionary<string, IReadOnlyList<MissingLibrary>>();

    /// <summary>The first device of NVIDIA's driver; null where there is none.</summary>
    public CudaDevice? CudaDevice { get; init; }

    /// <summary>The version of CUDA that the provider's file was built for; null where that is not known.</summary>
    public int? CudaVersion { get; init; }

    /// <summary>Looks at this machine.</summary>
    /// <param name="offered"><see cref="Offered"/>.</param>
    /// <param name="hasGpu"><see cref="HasGpu"/>.</param>
    /// <param name="variable">Reads an environment variable; null when it is not set.</param>
    /// <param name="library">The ONNX Runtime library that is loaded.</param>
    /// <param name="cudaBuild">The library of an installed build with CUDA; null for none.</param>
    public static MachineFacts Gather(
        IReadOnlyList<string> offered,
        bool? hasGpu,
        Func<string, string?> variable,
        string library,
        string? cudaBuild
    )
    {
        ArgumentNullException.ThrowIfNull(offered);
        ArgumentNullException.ThrowIfNull(variable);
        var cuda = ProviderProfiles.All.First(row => row is { Needs: ProviderNeeds.Cuda, Fallback: null }).ShortName;
        var build = offered.Contains(cuda) ? library : cudaBuild ?? library;
        return new MachineFacts
        {
            System =
                OperatingSystem.IsWindows() ? "windows"
                : OperatingSystem.IsMacOS() ? "macos"
                : "linux",
            Offered = offered,
            HasGpu = hasGpu,
            VulkanDriver = variable("VK_DRIVER_FILES") ?? variable("VK_ICD_FILENAMES"),
            IsCudaInstalled = cudaBuild is not null,
            Missing = ProviderProfiles
                .All.Where(row => row.Needs == ProviderNeeds.Cuda)
                .ToDictionary(row => row.ShortName, row => CudaLibraries.Missing(row.ShortName, build)),
            CudaDevice = CudaDriver.Read(0),
            CudaVersion = CudaLibraries.VersionFor(cuda, build),
        };
    }
}
