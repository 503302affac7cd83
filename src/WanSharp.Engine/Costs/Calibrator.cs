using System.Globalization;
using System.Text;
using WanSharp.Runtime;
using WanSharp.Storage;

namespace WanSharp.Engine.Costs;

/// <summary>
/// Measures this machine once and remembers the result: a calibration is valid for a machine, a number of threads and a version of
/// ONNX Runtime.
/// </summary>
/// <param name="store">Where calibrations are kept.</param>
/// <param name="threads">Threads that the runtime has.</param>
/// <param name="clock">The time of day.</param>
public sealed class Calibrator(ContentStore store, int threads, TimeProvider clock)
{
    // What was measured otherwise, by another version of WanSharp, does not hold.
    private const int Method = 4;

    /// <summary>How long a calibration is valid.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromDays(30);

    /// <summary>How much is measured.</summary>
    internal ProbeEffort Effort { get; init; } = new();

    /// <summary>The remembered calibration, or a new one, which takes 10 to 20 seconds on two cores.</summary>
    /// <remarks>Each rate is the best of several runs, because other programs can only slow one down. A new calibration replaces the
    /// old one: a machine may become slower, too.</remarks>
    /// <param name="runtime">ONNX Runtime.</param>
    /// <param name="again">Whether to measure even if one is remembered.</param>
    /// <param name="progress">Notified when a measurement starts.</param>
    /// <param name="cancellationToken">Stops between two measurements.</param>
    public Calibration FindOrMeasure(
        OrtRuntime runtime,
        bool again = false,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(runtime);
        if (!again && Find(runtime) is { } known)
        {
            return known;
        }

        progress?.Report("measuring this machine");
        using var probe = new MachineProbe(runtime, Effort);
        var calibration = probe.Measure(cancellationToken) with
        {
            Measured = clock.GetUtcNow(),
            Machine = MachineName.Read(),
            Threads = threads,
            OnnxRuntime = runtime.Version,
        };
        store.Replace(KeyOf(runtime), Encoding.UTF8.GetBytes(calibration.ToJson()));
        return calibration;
    }

    /// <summary>The remembered calibration; null if there is none or it is older than <see cref="MaximumAge"/>.</summary>
    public Calibration? Find(OrtRuntime runtime)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        var known = store.TryRead(KeyOf(runtime)) is { } json ? Calibration.FromJson(json) : null;
        return known is not null && clock.GetUtcNow() - known.Measured < MaximumAge ? known : null;
    }

    /// <summary>Where a calibration is kept.</summary>
    internal string KeyOf(OrtRuntime runtime)
    {
        var identity = string.Create(
            CultureInfo.InvariantCulture,
            $"calibration {Method}\n{MachineName.Read()}\n{threads} threads\nonnxruntime {runtime.Version}"
        );
        return Digests.OfText(identity);
    }
}
