namespace WanSharp.Runtime.Providers;

/// <summary>Chooses the provider for <c>--provider auto</c>, from facts alone.</summary>
public static class ProviderSelection
{
    /// <summary>The name that asks for a choice.</summary>
    public const string Auto = "auto";

    private const string MacOS = "macos";

    private static readonly string[] SoftwareDrivers = ["swiftshader", "lvp", "lavapipe", "llvmpipe"];

    /// <summary>All providers, best first: <see cref="Choose"/> takes the first fast one.</summary>
    public static IReadOnlyList<ProviderFact> Describe(MachineFacts machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return
        [
            .. ProviderProfiles.All.Where(row => row.Needs != ProviderNeeds.Unknown).Select(row => Describe(row, machine)),
            .. machine
                .Offered.Where(name => ProviderProfiles.Of(name).Needs == ProviderNeeds.Unknown)
                .Order(StringComparer.Ordinal)
                .Select(name => new ProviderFact(
                    name,
                    IsThere: true,
                    IsFast: false,
                    "this ONNX Runtime has it, and nothing is known of its device; it is used only when asked for"
                )),
        ];
    }

    /// <summary>
    /// The first available fast provider. TensorRT spends minutes building engines, so it is used only on request.
    /// </summary>
    public static ProviderFact Choose(IReadOnlyList<ProviderFact> facts) => facts.First(fact => fact is { IsThere: true, IsFast: true });

    private static ProviderFact Describe(ProviderProfile row, MachineFacts machine) =>
        row.Needs switch
        {
            ProviderNeeds.Cuda => Nvidia(row, machine),
            ProviderNeeds.Gpu => Gpu(row.ShortName, machine),
            ProviderNeeds.Windows => Platform(row, "windows", "Windows", machine),
            ProviderNeeds.MacOS => Platform(row, MacOS, "macOS", machine),
            ProviderNeeds.Nothing => new ProviderFact(
                row.ShortName,
                IsThere: true,
                IsFast: true,
                $"{row.Title}; it computes where nothing faster can"
            ),
            _ => throw new InvalidOperationException($"What {row.Title} needs is not judged."),
        };

    private static ProviderFact Nvidia(ProviderProfile row, MachineFacts machine)
    {
        const string Install = "wan providers install cuda";
        var name = row.ShortName;
        if (!machine.Offered.Contains(name) && !machine.IsCudaInstalled)
        {
            return new ProviderFact(name, false, false, "this ONNX Runtime has no such provider", machine.System == MacOS ? "" : Install);
        }

        if (machine.Missing.TryGetValue(name, out var missing) && missing.Count > 0)
        {
            return new ProviderFact(name, false, false, MissingLibrary.Describe(missing), MissingLibrary.Remedy(missing));
        }

        if (!machine.Offered.Contains(name))
        {
            return new ProviderFact(
                name,
                false,
                false,
                "a build with it is installed, but another ONNX Runtime is loaded",
                "unset WAN_ONNXRUNTIME"
            );
        }

        return machine.CudaDevice switch
        {
            null => new ProviderFact(name, false, false, "NVIDIA's driver has no device"),
            { Driver: var driver } when driver.Major < machine.CudaVersion => new ProviderFact(
                name,
                false,
                false,
                $"NVIDIA's driver is for CUDA {driver}, and this ONNX Runtime was built for CUDA {machine.CudaVersion}",
                "install a newer driver: 580 or newer for CUDA 13"
            ),
            var device when row.BuildsForShapes => new ProviderFact(
                name,
                true,
                false,
                $"{device}; it builds engines for minutes at first, so it is used only when asked for"
            ),
            var device => new ProviderFact(name, true, true, device.ToString()),
        };
    }

    private static ProviderFact Gpu(string name, MachineFacts machine)
    {
        if (!machine.Offered.Contains(name))
        {
            return new ProviderFact(name, false, false, "this ONNX Runtime has no such provider", "wan providers install webgpu");
        }

        return machine switch
        {
            { HasGpu: null } => new ProviderFact(
                name,
                true,
                false,
                "this ONNX Runtime cannot tell a real GPU from a software one; it is used only when asked for"
            ),
            { HasGpu: false } => new ProviderFact(
                name,
                true,
                false,
                "there is no GPU; a software driver computes right but slowly, so it is used only when asked for",
                "a GPU with a Vulkan, Direct3D 12 or Metal driver"
            ),
            { VulkanDriver: { } driver } when IsSoftware(driver) => new ProviderFact(
                name,
                true,
                false,
                $"the environment asks for a software driver ({driver}); it is used only when asked for",
                "unset VK_DRIVER_FILES and VK_ICD_FILENAMES"
            ),
            _ => new ProviderFact(name, true, true, "GPU found; it does not report free memory"),
        };
    }

    private static ProviderFact Platform(ProviderProfile row, string system, string systemTitle, MachineFacts machine) =>
        machine.Offered.Contains(row.ShortName) ? new ProviderFact(row.ShortName, true, true, $"{row.Title} comes with this system")
        : machine.System == system
            ? new ProviderFact(
                row.ShortName,
                false,
                false,
                "this ONNX Runtime has no such provider",
                row.Needs == ProviderNeeds.Windows ? "wan providers install webgpu, whose library has it too" : ""
            )
        : new ProviderFact(row.ShortName, false, false, $"{row.Title} is part of {systemTitle}");

    private static bool IsSoftware(string driver) => SoftwareDrivers.Any(name => driver.Contains(name, StringComparison.OrdinalIgnoreCase));
}
