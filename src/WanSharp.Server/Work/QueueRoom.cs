using WanSharp.Jobs.Storage;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.Work;

/// <summary>How many more videos the queue takes, from all and from each key. Thread-safe.</summary>
internal sealed class QueueRoom(ServerOptions options, JobStore store, QueueRunner runner, TimeProvider clock)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private int? _atMost; // as many wait as that, or fewer: counting ten thousand takes a millisecond

    /// <summary>Refuses what there is no room for now, before anything is done for it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="count">How many videos.</param>
    /// <exception cref="ApiException">There is no room for them.</exception>
    public void Require(Caller caller, int count) => Require(caller, count, isNew: true);

    /// <summary>Refuses what there is no room for, within the transaction that puts it into the queue: nothing comes in between.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="count">How many videos.</param>
    /// <param name="isNew">Whether they were not asked for before.</param>
    /// <exception cref="ApiException">There is no room for them.</exception>
    public void Admit(Caller caller, int count, bool isNew = true)
    {
        lock (_gate)
        {
            if (!HasRoom(count))
            {
                _atMost = store.Waiting();
            }

            Require(caller, count, isNew);
            _atMost += count;
        }
    }

    private void Require(Caller caller, int count, bool isNew)
    {
        if (runner.IsStopping)
        {
            throw new ApiException(503, "stopping", "The server is stopping: ask again when it has started.")
            {
                RetryAfter = TimeSpan.FromSeconds(10),
            };
        }

        if (!HasRoom(count) && store.Waiting() + count > options.MostQueued)
        {
            throw Full("queue_full", $"{options.MostQueued} videos wait already: ask again later.", TimeSpan.FromSeconds(30));
        }

        if (caller.MostOpen is { } open && store.OpenOf(caller.Name) + count > open)
        {
            throw Full(
                "too_many_open",
                $"The key '{caller.Name}' may have {open} videos that wait or run: ask again when some are done.",
                TimeSpan.FromSeconds(30)
            );
        }

        if (isNew && caller.MostPerDay is { } daily && store.CameSince(caller.Name, clock.GetUtcNow() - Day) + count > daily)
        {
            throw Full(
                "quota_used_up",
                $"The key '{caller.Name}' may ask for {daily} videos within 24 hours: ask again later.",
                TimeSpan.FromHours(1)
            );
        }
    }

    private bool HasRoom(int count)
    {
        lock (_gate)
        {
            return _atMost is { } most && most + count <= options.MostQueued;
        }
    }

    private static ApiException Full(string code, string message, TimeSpan wait) => new(429, code, message) { RetryAfter = wait };
}
