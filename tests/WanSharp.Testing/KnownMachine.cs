using System.Text;
using WanSharp.Engine.Costs;
using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>A made-up speed for tests that need one: measuring the machine takes seconds, and is not what they test.</summary>
public static class KnownMachine
{
    /// <summary>Has a store of calibrations know it.</summary>
    public static void PlaceIn(ContentStore store, OrtRuntime runtime, int threads, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(clock);
        var rates = new Calibration
        {
            Measured = clock.GetUtcNow(),
            Machine = "a machine",
            Threads = threads,
            OnnxRuntime = runtime.Version,
            Products = 1e10,
            IntegerProducts = 1e10,
            WeightBytes = 1e10,
            Attention = 1e10,
            Convolutions = 1e10,
            MovedBytes = 1e10,
            Widened = Enum.GetValues<DType>().ToDictionary(type => type, _ => 1e9),
        };
        store.Put(new Calibrator(store, threads, clock).KeyOf(runtime), Encoding.UTF8.GetBytes(rates.ToJson()));
    }
}
