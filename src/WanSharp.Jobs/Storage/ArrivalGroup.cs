namespace WanSharp.Jobs.Storage;

/// <summary>
/// Puts what several callers bring at the same time into the queue together: whoever comes while the disk is busy shares the next
/// transaction and the next flush of the journal, and no thread waits meanwhile. Thread-safe.
/// </summary>
/// <param name="put">Keeps a group of arrivals.</param>
internal sealed class ArrivalGroup(Action<IReadOnlyList<Arrival>> put)
{
    private readonly Lock _gate = new();
    private List<Arrival> _next = [];
    private bool _isBusy;

    /// <summary>Puts an arrival into the queue.</summary>
    /// <returns>How many of its jobs were new, once they are kept.</returns>
    public Task<int> AddAsync(Arrival arrival)
    {
        lock (_gate)
        {
            _next.Add(arrival);
            if (_isBusy)
            {
                return arrival.Done;
            }

            _isBusy = true;
        }

        _ = Task.Run(PutAll);
        return arrival.Done;
    }

    private void PutAll()
    {
        while (Next() is { Count: > 0 } group)
        {
            try
            {
                put(group);
                group.ForEach(one => one.Complete());
            }
            catch (Exception exception)
            {
                group.ForEach(one => one.Fail(exception)); // whatever it is: each has somebody who waits for it
            }
        }
    }

    private List<Arrival> Next()
    {
        lock (_gate)
        {
            var group = _next;
            _next = [];
            _isBusy = group.Count > 0;
            return group;
        }
    }
}
