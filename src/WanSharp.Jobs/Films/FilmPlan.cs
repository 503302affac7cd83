using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;

namespace WanSharp.Jobs.Films;

/// <summary>A film divided into clips, each checked against the model; nothing is made yet. Immutable.</summary>
public sealed record FilmPlan
{
    /// <summary>The film.</summary>
    public required Film Film { get; init; }

    /// <summary>The clips, in the order in which they are shown.</summary>
    public required IReadOnlyList<FilmPart> Parts { get; init; }

    /// <summary>How each part was planned, those that continue others with a grey picture in place of a frame; null for clips of the
    /// user's.</summary>
    public required IReadOnlyList<NewJob?> Jobs { get; init; }

    /// <summary>The settings of each part, the model's defaults filled in; null for clips of the user's.</summary>
    public required IReadOnlyList<GenerationSettings?> Settings { get; init; }

    /// <summary>The film's measures, for a writer.</summary>
    public required ClipFormat Format { get; init; }

    /// <summary>What the film's file says of itself: a film that can be made again, as one line of JSON.</summary>
    public required string Embedded { get; init; }

    /// <summary>Where sections begin.</summary>
    public IReadOnlyList<ClipChapter> Chapters
    {
        get
        {
            var chapters = new List<ClipChapter>();
            var frame = 0;
            foreach (var part in Parts)
            {
                if (part.OpensSection)
                {
                    chapters.Add(new ClipChapter(part.Title, frame));
                }

                frame += part.Show;
            }

            return chapters;
        }
    }

    /// <summary>How many parts can be made at the same time: the others wait for the one before them.</summary>
    public int Chains
    {
        get
        {
            var (chains, known) = (0, true); // of the part before: the frame that the next one begins with
            foreach (var part in Parts)
            {
                chains += part.Clip is null && (!part.Continues || known) ? 1 : 0;
                known = part.Clip is not null || part.Pin is not null;
            }

            return chains;
        }
    }

    /// <summary>The seconds of all parts one after the other, and of the longest chain of parts that wait for each other.</summary>
    /// <returns>Null where the time of a part is not known.</returns>
    public (double Sum, double Longest)? Seconds(Func<FilmPart, bool> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var (sum, chain, longest, pinned) = (0.0, 0.0, 0.0, false);
        foreach (var (part, job) in Parts.Zip(Jobs))
        {
            if (job is not null && job.Prepared.Estimate is null)
            {
                return null;
            }

            var seconds = job is not null && counts(part) ? job.Prepared.Estimate!.Value.TotalSeconds : 0;
            chain = (part.Continues && !pinned ? chain : 0) + seconds;
            pinned = part.Pin is not null;
            (sum, longest) = (sum + seconds, Math.Max(longest, chain));
        }

        return (sum, longest);
    }
}
