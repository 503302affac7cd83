namespace WanSharp.Runtime.Providers;

/// <summary>Chooses the provider for <c>--provider auto</c>, from facts alone.</summary>
public static class ProviderSelection
{
    /// <summary>The name that asks for a choice.</summary>
    public const string Auto = "auto";

    private static readonly string[] SoftwareDrivers = ["swiftshader", "lvp", "lavapipe", "llvmpipe"];

    /// <summary>What there is, best first: the order in which <see cref="Choose"/> takes the first fast one.</summary>
    public static IReadOnlyList<ProviderFact> Describe(MachineFacts machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        string[] known = ["cuda", "tensorrt", "webgpu", "dml", "coreml", "cpu"];
        return
        [
            Nvidia("cuda", machine),
            Nvidia("tensorrt", machine),
            WebGpu(machine),
            Platform("dml", "windows", "DirectML", machine),
            Platform("coreml", "macos", "CoreML", machine),
            new ProviderFact("cpu", IsThere: true, IsFast: true, "the processor; it computes where nothing faster can"),
            .. machine
                .Offered.Except(known)
                .Order(StringComparer.Ordinal)
                .Select(name => new ProviderFact(
                    name,
                    IsThere: true,
                    IsFast: false,
                    "this ONNX Runtime has it, and nothing is known of its device; it is used only when asked for"
                )),
        ];
    }

    /// <summary>The first provider that is there and fast. TensorRT builds engines for minutes: it is used only when asked for.</summary>
    public static ProviderFact Choose(IReadOnlyList<ProviderFact> facts) => facts.First(fact => fact is { IsThere: true, IsFast: true });

    private static ProviderFact Nvidia(string name, MachineFacts machine)
    {
        const string Install = "wan providers install cuda";
        if (!machine.Offered.Contains(name) && !machine.IsCudaInstalled)
        {
            return new ProviderFact(name, false, false, "this ONNX Runtime has no such provider", machine.System == "macos" ? "" : Install);
        }

        return machine.MissingCudaLibraries.Count > 0
                ? new ProviderFact(
                    name,
                    false,
                    false,
                    $"this machine cannot load {string.Join(", ", machine.MissingCudaLibraries)}",
                    "install NVIDIA's driver, CUDA and cuDNN, and put their folders where the system looks for libraries"
                )
            : !machine.Offered.Contains(name)
                ? new ProviderFact(
                    name,
                    false,
                    false,
                    "a build with it is installed, but another ONNX Runtime is loaded",
                    "unset WAN_ONNXRUNTIME"
                )
            : new ProviderFact(
                name,
                true,
                name == "cuda",
                name == "cuda"
                    ? "driver, CUDA and cuDNN load"
                    : "driver, CUDA and cuDNN load; it builds engines for minutes at first, so it is used only when asked for"
            );
    }

    private static ProviderFact WebGpu(MachineFacts machine)
    {
        const string Name = "webgpu";
        if (!machine.Offered.Contains(Name))
        {
            return new ProviderFact(
                Name,
                false,
                false,
                "this ONNX Runtime has no such provider",
                "unset WAN_ONNXRUNTIME: the library that comes with the program has it"
            );
        }

        return machine switch
        {
            { HasGpu: null } => new ProviderFact(
                Name,
                true,
                false,
                "this ONNX Runtime cannot tell a GPU from a program that plays one; it is used only when asked for"
            ),
            { HasGpu: false } => new ProviderFact(
                Name,
                true,
                false,
                "there is no GPU; a software driver computes right but slowly, so it is used only when asked for",
                "a GPU with a Vulkan, Direct3D 12 or Metal driver"
            ),
            { VulkanDriver: { } driver } when IsSoftware(driver) => new ProviderFact(
                Name,
                true,
                false,
                $"the environment asks for a software driver ({driver}); it is used only when asked for",
                "unset VK_DRIVER_FILES and VK_ICD_FILENAMES"
            ),
            _ => new ProviderFact(Name, true, true, "there is a GPU"),
        };
    }

    private static ProviderFact Platform(string name, string system, string title, MachineFacts machine) =>
        machine.Offered.Contains(name)
            ? new ProviderFact(name, true, true, $"{title} comes with this system")
            : new ProviderFact(
                name,
                false,
                false,
                machine.System == system
                    ? "this ONNX Runtime has no such provider"
                    : $"{title} is part of {(system == "windows" ? "Windows" : "macOS")}"
            );

    private static bool IsSoftware(string driver) => SoftwareDrivers.Any(name => driver.Contains(name, StringComparison.OrdinalIgnoreCase));
}
