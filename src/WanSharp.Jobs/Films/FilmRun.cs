using WanSharp.Jobs.Results;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Makes the clips of a film as jobs of a folder. A part becomes a job as soon as the part that it continues is there, so that all that can
/// run at the same time does, in this process and in others on the same folder. A part whose clip is there is not made again: its name says
/// what decides it.
/// </summary>
/// <remarks>It can be stopped at any moment, as <see cref="JobRunner"/> can.</remarks>
/// <param name="store">The folder's jobs.</param>
/// <param name="planner">Plans the parts.</param>
/// <param name="plan">The film.</param>
/// <param name="ffmpeg">The program that reads clips; null for none.</param>
/// <param name="options">How to work.</param>
/// <param name="scratch">Where frames that sections begin with, and clips of the user's, are kept; null for the folder's own place.</param>
public sealed class FilmRun(
    JobStore store,
    FilmPlanner planner,
    FilmPlan plan,
    string? ffmpeg,
    JobRunnerOptions options,
    string? scratch = null
)
{
    /// <summary>Sections are kept to the bit: each is read again when the film is joined, and by the section that continues it.</summary>
    public const string SectionFormat = ".mkv";

    private const string SheetName = "film.html";

    /// <summary>How often to look what other processes have done.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly string _scratch = scratch ?? store.Folder.Settings("frames");
    private readonly FilmFrames _frames = new(ffmpeg, scratch ?? store.Folder.Settings("frames"));
    private readonly NewJob?[] _jobs = new NewJob?[plan.Parts.Count];
    private readonly string?[] _given = new string?[plan.Parts.Count]; // clips of the user's, as the film shows them
    private readonly string?[] _last = [.. plan.Parts.Select(part => part.Pin)]; // the picture of its last frame, where that is known
    private readonly HashSet<string> _retried = [];
    private readonly ChangeSignal _changed = new();

    /// <summary>The clips of the parts, as far as they are known; null for those of the user's.</summary>
    public IReadOnlyList<string?> Outputs => [.. _jobs.Select(job => job?.Output)];

    /// <summary>How many parts are there.</summary>
    public int Done => _jobs.Count(job => job is not null && store.Find(job.Output) is { State: JobState.Succeeded });

    /// <summary>Makes what is missing.</summary>
    /// <param name="backend">Makes the clips.</param>
    /// <param name="cancellationToken">Stops within a step; what is saved stays for the next run.</param>
    /// <returns>The parts that failed; none when all clips are there.</returns>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    /// <exception cref="BackendUnavailableException">No clip can be made now, whichever; all jobs are kept.</exception>
    /// <exception cref="JobStoreException">The store cannot be read or written.</exception>
    public async Task<IReadOnlyList<Job>> MakeAsync(IJobBackend backend, CancellationToken cancellationToken)
    {
        await Recovery.RunAsync(store, options.Events, cancellationToken).ConfigureAwait(false); // what a killed process left waits again
        var waiting = store.List(JobState.Queued); // before the parts are looked at: another process may add some then
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var runner = new JobRunner(store, backend, options with { WaitsForMore = true, Events = new Relay(options.Events, _changed) });
        Task? running = null;
        try
        {
            while (true)
            {
                var changed = _changed.Next;
                var states = await AdvanceAsync(enqueues: true, cancellationToken).ConfigureAwait(false);
                CancelOthers(waiting);
                waiting = [];
                if (!states.Contains(PartState.Open))
                {
                    return [.. Failed(states)];
                }

                running ??= runner.RunAsync(stop.Token);
                using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var ended = await Task.WhenAny(running, changed, Task.Delay(LookEvery, options.Clock, over.Token)).ConfigureAwait(false);
                await over.CancelAsync().ConfigureAwait(false);
                if (ended == running)
                {
                    await running.ConfigureAwait(false); // throws what stopped it
                }

                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await (running ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Where each part is, without making anything.</summary>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<IReadOnlyList<PartState>> LookAsync(CancellationToken cancellationToken) =>
        AdvanceAsync(enqueues: false, cancellationToken);

    /// <summary>Lets a section of another film end with the frame that it ends with in this one, so that those after it stay.</summary>
    /// <param name="film">The other film: this one, with that section changed.</param>
    /// <param name="section">The section's number, from 1.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The same film where no section continues that one.</returns>
    /// <exception cref="InvalidRequestException">The section is not made.</exception>
    public async Task<Film> PinAsync(Film film, int section, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(film);
        var last = plan.Parts.Last(part => part.Section == section).Number - 1;
        if (!NeedsLast(last))
        {
            return film;
        }

        await LookAsync(cancellationToken).ConfigureAwait(false);
        var pin =
            _last[last]
            ?? throw new InvalidRequestException(
                "keep-rest",
                $"Section {section} is not made yet, so nothing after it can be kept: leave --keep-rest out, or make the film first."
            );
        var (sections, settings) = (film.Sections.ToList(), plan.Settings[last]!);
        var request = sections[section - 1].Request;
        sections[section - 1] = sections[section - 1] with
        {
            Pin = pin,
            Request = request is { Width: null, Height: null }
                ? request with
                {
                    Width = settings.Width,
                    Height = settings.Height,
                } // a picture would choose another
                : request,
        };
        return film with { Sections = sections };
    }

    /// <summary>
    /// Joins the clips, which are all there, and writes a proof sheet of them into their folder. Of several processes that do, each waits
    /// for the one before it, and finds what that one has encoded.
    /// </summary>
    /// <param name="target">Where the film goes.</param>
    /// <param name="progress">Notified of the frames that are written.</param>
    /// <param name="cancellationToken">Gives the film up.</param>
    public async Task JoinAsync(
        Media.Clips.OutputTarget target,
        IProgress<Engine.GenerationProgress> progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(progress);
        using var turn = await JoinTurn.TakeAsync(store.Folder, options.Clock, cancellationToken).ConfigureAwait(false);
        var clips = plan.Parts.Select((part, i) => (ClipOf(i), part.Continues ? _last[i - 1] : null)).ToList();
        var proofs = await new FilmJoin(plan, _frames, ffmpeg, store.Folder.Settings("pieces"))
            .WriteAsync(target, clips, progress, cancellationToken)
            .ConfigureAwait(false);
        AtomicFile.Write(
            store.Folder.Artifact(SheetName),
            new FilmSheet(plan, proofs).Write([.. _jobs.Select(job => job is null ? null : store.Find(job.Output))])
        );
    }

    /// <summary>Cancels jobs of the film as it was before: nobody asks for their clips any more.</summary>
    private void CancelOthers(IReadOnlyList<JobListing> waiting)
    {
        var wanted = _jobs.OfType<NewJob>().Select(job => job.Output).ToHashSet();
        var others = waiting.Where(job => !wanted.Contains(job.Output)).Select(job => job.Id).ToList();
        if (others.Count > 0)
        {
            store.Cancel(others);
        }
    }

    private IEnumerable<Job> Failed(IReadOnlyList<PartState> states) =>
        from part in states.Index()
        where part.Item == PartState.Failed
        select store.Find(_jobs[part.Index]!.Output);

    /// <summary>Plans the parts whose beginning is known by now.</summary>
    private async Task<IReadOnlyList<PartState>> AdvanceAsync(bool enqueues, CancellationToken cancellationToken)
    {
        var (states, fresh) = (new PartState[plan.Parts.Count], new List<NewJob>());
        foreach (var (i, part) in plan.Parts.Index())
        {
            if (part.Continues && states[i - 1] != PartState.Done && plan.Parts[i - 1].Pin is null)
            {
                states[i] = PartState.Waits;
                continue;
            }

            states[i] = await StateAsync(i, part, enqueues, cancellationToken).ConfigureAwait(false);
            if (states[i] is PartState.Ready or PartState.Cached && enqueues)
            {
                fresh.Add(_jobs[i]!);
                states[i] = PartState.Open;
            }
            else if (states[i] == PartState.Done && NeedsLast(i))
            {
                _last[i] ??= await _frames
                    .LastAsync(part, ClipOf(i), part.Continues ? _last[i - 1] : null, cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        if (fresh.Count > 0)
        {
            await EnqueueAsync(fresh, cancellationToken).ConfigureAwait(false);
        }

        return states;
    }

    private async Task<PartState> StateAsync(int index, FilmPart part, bool retries, CancellationToken cancellationToken)
    {
        if (part.Clip is { } clip)
        {
            var format = plan.Format with { Frames = part.Show };
            var extension = Path.GetExtension(plan.Jobs.First(job => job is not null)!.Output);
            _given[index] ??= await new GivenClips(ffmpeg)
                .KeepAsync(clip, format, _scratch, extension, cancellationToken)
                .ConfigureAwait(false);
            return PartState.Done;
        }

        var before = part.Continues ? _last[index - 1] : null;
        return StateOf(_jobs[index] ??= Made(await planner.PlanAsync(part, before, cancellationToken).ConfigureAwait(false)), retries);
    }

    /// <summary>A part whose clip was made when it had another number in the film keeps that clip, under its name.</summary>
    private NewJob Made(NewJob job) =>
        store.Find(job.Output) is not null
        || store
            .List(JobState.Succeeded)
            .Select(made => made.Output)
            .FirstOrDefault(made => PartName.AreOfOne(made, job.Output) && _jobs.All(other => other?.Output != made))
            is not { } output
            ? job
            : job with
            {
                Output = output,
            };

    private async Task EnqueueAsync(List<NewJob> jobs, CancellationToken cancellationToken)
    {
        FolderCheck.RequireNames(store.Folder, jobs.Select(job => job.Output));
        var clips = await MatchingClips
            .FindAsync(store.Folder.Path, jobs, options.ReadSettings, options.AcceptsReused, cancellationToken)
            .ConfigureAwait(false);
        store.Enqueue(jobs, clips);
        _retried.UnionWith(jobs.Select(job => job.Output)); // they have all their attempts from here on
    }

    private PartState StateOf(NewJob job, bool retries)
    {
        switch (store.Find(job.Output))
        {
            case null:
                return
                    job is { UseCache: true, Prepared.ResultKey: { } key }
                    && options.Results?.Contains(key, Path.GetExtension(job.Output).ToLowerInvariant()) == true
                    ? PartState.Cached
                    : PartState.Ready;
            case { State: JobState.Succeeded }:
                return PartState.Done;
            case { State: JobState.Failed or JobState.Cancelled } when !retries:
                return PartState.Ready;
            case { State: JobState.Failed or JobState.Cancelled } ended:
                return !_retried.Add(job.Output) || store.Retry([ended.Id]).Count == 0 ? PartState.Failed : PartState.Open;
            default:
                _retried.Add(job.Output);
                return PartState.Open;
        }
    }

    private bool NeedsLast(int part) => part + 1 < plan.Parts.Count && plan.Parts[part + 1].Continues;

    private string ClipOf(int part) => _given[part] ?? store.Folder.Artifact(_jobs[part]!.Output);

    /// <summary>Hands events on, and says when a job has ended.</summary>
    private sealed class Relay(IProgress<JobEvent>? next, ChangeSignal changed) : IProgress<JobEvent>
    {
        public void Report(JobEvent value)
        {
            next?.Report(value);
            if (value.Kind is JobEventKind.Succeeded or JobEventKind.Failed or JobEventKind.Cancelled)
            {
                changed.Raise();
            }
        }
    }
}
