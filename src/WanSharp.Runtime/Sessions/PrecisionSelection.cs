using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>Chooses the precision for <c>--precision auto</c>: the one place that decides it.</summary>
public static class PrecisionSelection
{
    /// <summary>What networks compute in on the processor.</summary>
    public static PrecisionChoice OnHost { get; } = Choose(ProviderProfiles.Cpu, () => null, _ => null);

    /// <summary>What networks compute in on a device, tried on it where the provider's row offers a narrow type.</summary>
    /// <param name="runtime">What executes.</param>
    /// <param name="settings">The provider and its options.</param>
    public static PrecisionChoice Choose(OrtRuntime runtime, SessionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(settings);
        return Choose(
            ProviderProfiles.Of(settings.Provider),
            () => CudaDriver.Find(settings.Provider, settings.ProviderOptions)?.Capability,
            narrow => runtime.FindProblem(settings with { Compute = narrow })
        );
    }

    /// <summary>Checks that a device computes right in a precision that was asked for.</summary>
    /// <exception cref="InvalidRequestException">It does not.</exception>
    public static void Require(OrtRuntime runtime, SessionSettings settings, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(precision);
        precision.RequireOn(settings);
        if (FindProblem(runtime, settings, precision) is { } problem)
        {
            throw new InvalidRequestException(
                "precision",
                $"The provider {settings.Provider} cannot compute in {precision} on this device: {problem}. Choose {Precision.Full}."
            );
        }
    }

    /// <summary>What keeps a device from computing in a precision: a clause; null for nothing.</summary>
    public static string? FindProblem(OrtRuntime runtime, SessionSettings settings, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(precision);
        return settings.IsOnHost ? null
            : precision.Quantization != Graphs.Quantization.None ? "8-bit integers are for the processor"
            : precision.Compute == DType.F32 ? null
            : runtime.FindProblem(settings with { Compute = precision.Compute });
    }

    /// <summary>The choice from facts alone.</summary>
    /// <param name="row">The provider.</param>
    /// <param name="capability">The device's compute capability; null where its driver does not say.</param>
    /// <param name="problemIn">What was wrong when a type was tried on the device; null for nothing.</param>
    internal static PrecisionChoice Choose(ProviderProfile row, Func<Version?> capability, Func<DType, string?> problemIn)
    {
        if (row.IsHost)
        {
            return new PrecisionChoice(
                Precision.Full,
                "the processor has no kernels for F16 and BF16, which it computes in F32 between conversions"
                    + (row.OffersIntegers ? "; it has instructions for 8-bit integers: int8 is faster, at a small loss" : "")
            );
        }

        var title = row.Title.Length > 0 ? row.Title : row.ShortName;
        if (row.NarrowType is not { } narrow)
        {
            return new PrecisionChoice(Precision.Full, $"no faster format is known to work on {title}");
        }

        var device = "";
        if (row.LeastCapability is { } least)
        {
            if (capability() is not { } has)
            {
                return new PrecisionChoice(Precision.Full, "the driver does not tell the device's compute capability");
            }

            if (has < least)
            {
                return new PrecisionChoice(
                    Precision.Full,
                    $"the device has compute capability {has}, and matrix units for F16 come with {least}"
                );
            }

            device = $"of compute capability {has} ";
        }

        var wanted = Precision.Of(narrow, Graphs.Quantization.None);
        return problemIn(narrow) is { } problem
            ? new PrecisionChoice(Precision.Full, $"{wanted} was tried on the device, and {problem}")
            : new PrecisionChoice(wanted, $"the device {device}was tried, and its numbers in {wanted} are right");
    }
}
