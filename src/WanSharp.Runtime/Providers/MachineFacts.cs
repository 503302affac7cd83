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

    /// <summary>What CUDA needs and this machine cannot load: the driver, the CUDA and cuDNN libraries.</summary>
    public IReadOnlyList<string> MissingCudaLibraries { get; init; } = [];

    /// <summary>Looks at this machine.</summary>
    /// <param name="offered"><see cref="Offered"/>.</param>
    /// <param name="hasGpu"><see cref="HasGpu"/>.</param>
    /// <param name="variable">Reads an environment variable; null when it is not set.</param>
    /// <param name="isCudaInstalled">Whether a build with CUDA is installed.</param>
    public static MachineFacts Gather(IReadOnlyList<string> offered, bool? hasGpu, Func<string, string?> variable, bool isCudaInstalled)
    {
        ArgumentNullException.ThrowIfNull(offered);
        ArgumentNullException.ThrowIfNull(variable);
        return new MachineFacts
        {
            System =
                OperatingSystem.IsWindows() ? "windows"
                : OperatingSystem.IsMacOS() ? "macos"
                : "linux",
            Offered = offered,
            HasGpu = hasGpu,
            VulkanDriver = variable("VK_DRIVER_FILES") ?? variable("VK_ICD_FILENAMES"),
            IsCudaInstalled = isCudaInstalled,
            MissingCudaLibraries = CudaLibraries.Missing(),
        };
    }
}
