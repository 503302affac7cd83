using WanSharp.Jobs;
using WanSharp.Server.Security;

namespace WanSharp.Server.Work;

/// <summary>
/// The videos that were deleted last, and where they were in the list: whoever goes through it and deletes as it
/// goes still finds the next page.
/// Thread-safe.
/// </summary>
internal sealed class RemovedVideos
{
    private const int Most = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long Job, string? Owner)> _places = [];
    private readonly Queue<string> _order = [];

    /// <summary>Remembers a video.</summary>
    public void Add(Job job)
    {
        var id = VideoId.OfFile(job.Output);
        lock (_gate)
        {
            if (!_places.ContainsKey(id))
            {
                _order.Enqueue(id);
            }

            _places[id] = (job.Id, job.Owner); // one that was made again with its key has another place

            if (_order.Count > Most)
            {
                _places.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>Where a video was; null where it is not known.</summary>
    public long? Find(string id, Caller caller)
    {
        lock (_gate)
        {
            return _places.TryGetValue(id, out var place) && caller.Sees(place.Owner) ? place.Job : null;
        }
    }
}
