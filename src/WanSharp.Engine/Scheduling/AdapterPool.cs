using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>The LoRAs of the clips under way: those of several clips are in memory once. The last used ones stay.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="model">The model; its files of LoRAs are opened as they are needed.</param>
internal sealed class AdapterPool(WanModel model) : IDisposable
{
    private const int MostIdle = 2; // those of two experts

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private long _uses;

    /// <summary>Bytes of factors that clips use now.</summary>
    public long UsedBytes => BytesOf(isUsed: true);

    /// <summary>Bytes of factors that wait for the next clip.</summary>
    public long IdleBytes => BytesOf(isUsed: false);

    /// <summary>A clip's LoRAs, until the result is disposed; nothing where it has none, or has them merged.</summary>
    /// <exception cref="InvalidRequestException">A file is not what it was when the clip was planned.</exception>
    public Lease Rent(GenerationPlan plan)
    {
        var lease = new Lease(this);
        if (!plan.Loras.AreInputs)
        {
            return lease;
        }

        try
        {
            RequireUnchanged(model, plan);
            lease.Adapters = model.HasExperts
                ? new ClipAdapters(PartOf(lease, plan, LoraExpert.Low), PartOf(lease, plan, LoraExpert.High))
                : new ClipAdapters(PartOf(lease, plan, null), null);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Refuses files that were written to since a clip was planned.</summary>
    public static void RequireUnchanged(WanModel model, GenerationPlan plan)
    {
        foreach (var lora in plan.Loras.Loras)
        {
            if (model.Loras.IdentityOf(lora.Path) != lora.Identity)
            {
                throw new InvalidRequestException(
                    "lora",
                    $"{lora.Path} is not what it was when the clip was planned: plan the clip again."
                );
            }
        }
    }

    /// <summary>Frees the factors of LoRAs that no clip uses.</summary>
    /// <returns>How many bytes they were.</returns>
    public long Trim()
    {
        lock (_gate)
        {
            var before = _entries.Values.Sum(entry => entry.Adapter.KeptNow);
            Drop(keep: 0);
            return before - _entries.Values.Sum(entry => entry.Adapter.KeptNow);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var entry in _entries.Values)
            {
                entry.Adapter.Dispose();
            }

            _entries.Clear();
        }
    }

    private long BytesOf(bool isUsed)
    {
        lock (_gate)
        {
            return _entries.Values.Where(entry => entry.Clips > 0 == isUsed).Sum(entry => entry.Adapter.KeptNow);
        }
    }

    private ClipAdapters.Part? PartOf(Lease lease, GenerationPlan plan, LoraExpert? expert)
    {
        PlannedLora[] loras = [.. ClipLoras.For(plan.Loras.Loras, expert)];
        if (loras.Length == 0)
        {
            return null;
        }

        var key = $"{expert}\n{string.Join('\n', loras.Select(lora => lora.Identity))}"; // strengths are told in each step
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                _entries.Add(
                    key,
                    entry = new Entry(model.Loras.CreateAdapter([.. loras.Select(lora => model.Loras.FitOf(lora.Path, expert))]))
                );
            }

            entry.Clips++;
            entry.Used = ++_uses;
            lease.Keys.Add(key);
            return new ClipAdapters.Part(entry.Adapter, [.. loras.Select(lora => lora.Strength)]);
        }
    }

    private void GiveBack(IEnumerable<string> keys)
    {
        lock (_gate)
        {
            foreach (var key in keys)
            {
                if (_entries.TryGetValue(key, out var entry))
                {
                    entry.Clips--;
                }
            }

            Drop(MostIdle);
        }
    }

    private void Drop(int keep)
    {
        foreach (
            var (key, entry) in _entries.Where(one => one.Value.Clips == 0).OrderByDescending(one => one.Value.Used).Skip(keep).ToList()
        )
        {
            _entries.Remove(key);
            entry.Adapter.Dispose();
        }
    }

    /// <summary>A clip's use of its LoRAs.</summary>
    public sealed class Lease(AdapterPool pool) : IDisposable
    {
        private int _ended;

        /// <summary>The LoRAs; null for none.</summary>
        public ClipAdapters? Adapters { get; set; }

        internal List<string> Keys { get; } = [];

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                pool.GiveBack(Keys);
            }
        }
    }

    private sealed class Entry(Adapter adapter)
    {
        public Adapter Adapter => adapter;

        public int Clips { get; set; }

        public long Used { get; set; }
    }
}
