using System.Text;
using WanSharp.Engine.Costs;
using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>A made-up speed for tests that need one: measuring the machine takes seconds, and is not what they test.</summary>
public static class KnownMachine
{
    /// <summary>The speed.</summary>
    public static Calibration Rates { get; } =
        new()
        {
            Measured = DateTimeOffset.UnixEpoch,
            Machine = "a machine",
            Threads = 2,
            OnnxRuntime = "",
            Products = 1e10,
            IntegerProducts = 1e10,
            WeightBytes = 1e10,
            Attention = 1e10,
            Convolutions = 1e10,
            MovedBytes = 1e10,
            Widened = Enum.GetValues<DType>().ToDictionary(type => type, _ => 1e9),
        };

    /// <summary>Has a store of calibrations know it.</summary>
    public static void PlaceIn(ContentStore store, OrtRuntime runtime, int threads, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(clock);
        var rates = Rates with { Measured = clock.GetUtcNow(), Threads = threads, OnnxRuntime = runtime.Version };
        store.Put(new Calibrator(store, threads, clock).KeyOf(runtime), Encoding.UTF8.GetBytes(rates.ToJson()));
    }
}
