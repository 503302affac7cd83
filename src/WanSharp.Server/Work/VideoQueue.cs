using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Wildcards;
using WanSharp.Jobs.Storage;
using WanSharp.Jobs.Styles;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Tensors;

namespace WanSharp.Server.Work;

/// <summary>The server's jobs as videos: asking for them, finding them, deleting them. Thread-safe.</summary>
internal sealed partial class VideoQueue(
    ServerOptions options,
    WanHost host,
    JobStore store,
    BackendHolder holder,
    OpenedResults results,
    VideoObjects videos,
    JobEvents events,
    VideoWaiting waiting,
    ServedFormats formats,
    QueueRoom room
)
{
    private readonly RemovedVideos _removed = new();
    private readonly Lazy<StyleCatalog> _styles = new(() => host.OpenStyles(options.StylesFile));

    /// <summary>Plans a video and puts it into the queue; one that was asked for with the same id stays as it is.</summary>
    /// <param name="request">The video.</param>
    /// <param name="caller">Who asks for it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job, and whether it is new.</returns>
    /// <exception cref="InvalidRequestException">It cannot be made.</exception>
    /// <exception cref="ApiException">The queue is full, the model is another or not to be had, or the id is another request's.</exception>
    public async Task<(Job Job, bool IsNew)> AddAsync(VideoRequest request, Caller caller, CancellationToken cancellationToken)
    {
        if (request.Id is { } id && FindSame(id, request.Sha256, caller) is { } there)
        {
            return (there, false);
        }

        room.Require(caller, 1);
        var job = await PlanAsync(request, cancellationToken).ConfigureAwait(false) with { Owner = caller.Owner };
        bool isNew;
        try
        {
            isNew = await store.EnqueueAsync([job], () => IsAdmitted(caller, 1)).ConfigureAwait(false) == 1;
        }
        catch (JobStoreException) when (request.Id is not null && Find(request.Id, caller) is { } other)
        {
            return (Same(other, request.Sha256), false); // it came twice at the same moment
        }

        var added =
            store.Find(job.Output)
            ?? throw new ApiException(409, "being_deleted", "The video of this key is being deleted: ask again in a moment.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        if (!isNew)
        {
            return (added, false);
        }

        events.Tell(added.Id, only: JobState.Queued); // of one that was started meanwhile its start is told
        if (!IsCached(added))
        {
            return (added, true);
        }

        store.Hasten(added.Id);
        if (request.Workflow is not null)
        {
            return (added, true); // its client hears of a prompt only once it has the answer
        }

        using var copied = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        copied.CancelAfter(options.LongestCopy);
        return (await waiting.EndAsync(added, copied.Token).ConfigureAwait(false), true);
    }

    /// <summary>Refuses another video that there is no room for now, before its pictures are fetched and kept.</summary>
    /// <exception cref="ApiException">There is no room for it.</exception>
    public void RequireRoom(Caller caller) => room.Require(caller, 1);

    /// <summary>The video that a request with its own id made before; null for a new one.</summary>
    /// <exception cref="ApiException">The id is another request's.</exception>
    public Job? FindSame(string id, string? sha256, Caller caller) => Find(id, caller) is { } there ? Same(there, sha256) : null;

    /// <summary>The model's name, once it is open; before that what the server was told to serve.</summary>
    public string Model => holder.Opened?.Model ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Backend.Engine.Model));

    /// <summary>A video's job; null where the caller sees none.</summary>
    public Job? Find(string id, Caller caller) =>
        VideoId.IsOne(id)
            ? MediaTypes
                .ClipFormats.Select(format => store.Find(id + format))
                .FirstOrDefault(job => job is not null && caller.Sees(job.Owner))
            : null;

    /// <summary>A video's job.</summary>
    /// <exception cref="ApiException">The caller sees none.</exception>
    public Job Require(string? id, Caller caller) =>
        Find(id ?? "", caller)
        ?? throw ApiException.NotFound($"There is no video '{id}': it was deleted, or never was. GET /v1/videos lists them.");

    /// <summary>Where a list goes on after a video, which may have been deleted since.</summary>
    /// <exception cref="ApiException">The caller sees none.</exception>
    public long After(string id, Caller caller) => Find(id, caller)?.Id ?? _removed.Find(id, caller) ?? Require(id, caller).Id;

    /// <summary>A job as a video.</summary>
    public VideoObject Show(Job job) => videos.From(job);

    /// <summary>Deletes a video; one that runs stops within a step.</summary>
    public void Delete(Job job)
    {
        store.Remove([job.Id]);
        _removed.Add(job);
        events.Delete(job);
    }

    /// <summary>Deletes many videos.</summary>
    /// <returns>How many there were.</returns>
    public int Delete(IReadOnlyCollection<long> ids)
    {
        var count = store.Remove(ids);
        events.Delete(ids);
        return count;
    }

    /// <summary>Plans the jobs of a batch and puts them into the queue, all or none.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="entries">Its entries.</param>
    /// <param name="isDry">Whether they are only planned.</param>
    /// <param name="caller">Who asks for them.</param>
    /// <param name="cancellationToken">Cancels the planning.</param>
    /// <returns>The jobs, and how many of their clips are in the result cache.</returns>
    /// <exception cref="BatchFileException">Entries cannot be made: all of these are named.</exception>
    public async Task<(IReadOnlyList<NewJob> Jobs, int Cached)> AddAsync(
        BatchRequest batch,
        IReadOnlyList<BatchEntry> entries,
        bool isDry,
        Caller caller,
        CancellationToken cancellationToken
    )
    {
        if (!isDry)
        {
            room.Require(caller, entries.Count);
        }

        var backend = await OpenAsync(cancellationToken).ConfigureAwait(false);
        var extension = backend.Format ?? options.Format;
        var planner = PlannerOf(backend, extension, new PromptExpander(new WildcardFiles(host.WildcardFolders(batch.File))));
        var named = entries
            .Select(entry => entry with { Output = VideoId.New() + (entry.Output is { } output ? Path.GetExtension(output) : extension) })
            .ToList();
        var details = Details(backend.Model) with { BatchName = batch.Name, RequestSha256 = batch.Sha256 };
        var planned = await planner.PlanAsync(batch.Name, named, cancellationToken).ConfigureAwait(false);
        var text = details.ToJson(); // one for all: a batch may have thousands
        IReadOnlyList<NewJob> jobs =
        [
            .. planned.Zip(
                named,
                (job, entry) =>
                    job with
                    {
                        Batch = batch.Id,
                        Owner = caller.Owner,
                        Details = job.Style is null ? text : (details with { Prompt = PromptOf(job, entry) }).ToJson(),
                    }
            ),
        ];
        var cached = jobs.Count(job => IsCached(job.Prepared.ResultKey, job.Output));
        if (!isDry)
        {
            await store.EnqueueAsync(jobs, () => IsNew(batch) && IsAdmitted(caller, jobs.Count)).ConfigureAwait(false);
            events.Tell(store.IdsOf(batch.Id));
        }

        return (jobs, cached);
    }

    private bool IsAdmitted(Caller caller, int count)
    {
        room.Admit(caller, count);
        return true;
    }

    /// <summary>Whether a batch is not there already, from a request that came twice at the same moment.</summary>
    private bool IsNew(BatchRequest batch)
    {
        if (store.IdsOf(batch.Id) is not [var first, ..])
        {
            return true;
        }

        return VideoDetails.FromJson(store.Find(first)?.Details)?.RequestSha256 == batch.Sha256 ? false : throw ApiException.KeyReused();
    }

    /// <summary>The batches that a caller sees, or one of them.</summary>
    public IReadOnlyList<BatchListing> Batches(Caller caller, string? id = null) => store.Batches(id, caller.Only);

    /// <summary>The jobs of a batch.</summary>
    public IReadOnlyList<long> IdsOf(string batch) => store.IdsOf(batch);

    /// <summary>A job by its number, or null.</summary>
    public Job? Find(long id) => store.Find(id);

    /// <summary>Where the clips are.</summary>
    public JobFolder Folder => store.Folder;

    /// <summary>Changes what becomes of videos.</summary>
    /// <returns>How many it changed.</returns>
    /// <exception cref="ApiException">There is no room in the queue for those that are tried again.</exception>
    public int Change(IReadOnlyCollection<long> ids, VideoChange change, Caller caller)
    {
        var changed = change switch
        {
            VideoChange.Cancel => store.Cancel(ids),
            VideoChange.Pause => store.Hold(ids),
            VideoChange.Resume => store.Release(ids),
            _ => store.Retry(ids, count => room.Admit(caller, count, isNew: false)),
        };
        events.Tell(changed);
        return changed.Count;
    }

    /// <summary>Changes the priority of videos that wait or run.</summary>
    /// <returns>How many it changed.</returns>
    public int Prioritize(IReadOnlyCollection<long> ids, int priority) => store.Prioritize(ids, priority);

    /// <summary>Makes a video that waits another one.</summary>
    /// <param name="job">The video as it was read.</param>
    /// <param name="request">What it is to be, with the same id and format.</param>
    /// <param name="cancellationToken">Cancels the planning.</param>
    /// <returns>Whether it still waited, and nobody had changed it since.</returns>
    /// <exception cref="InvalidRequestException">It cannot be made so.</exception>
    /// <exception cref="ApiException">The model is another or not to be had.</exception>
    public async Task<bool> EditAsync(Job job, VideoRequest request, CancellationToken cancellationToken)
    {
        var planned = await PlanAsync(request, cancellationToken).ConfigureAwait(false);
        var details = VideoDetails.FromJson(job.Details) is { } before
            ? (before with { User = request.User, Prompt = PromptOf(planned, request.Entry) ?? before.Prompt }).ToJson()
            : planned.Details;
        var edited = planned with
        {
            Output = job.Output,
            Style = planned.Style ?? job.Style,
            Overwrites = job.Overwrites,
            Batch = job.Batch,
            Owner = job.Owner,
            IsHeld = job.IsHeld,
            Details = details,
        };
        if (!store.Edit(edited, job))
        {
            return false;
        }

        events.Tell(job.Id);
        if (store.Find(job.Id) is { IsHeld: false } now && IsCached(now))
        {
            store.Hasten(now.Id);
        }

        return true;
    }

    /// <summary>Has videos made first, in an order.</summary>
    /// <returns>How many of them wait.</returns>
    public int Order(IReadOnlyList<long> ids)
    {
        var count = store.Order(ids);
        events.Reset();
        return count;
    }

    /// <summary>Has a video that waits made before or after another one.</summary>
    /// <returns>Whether both wait.</returns>
    public bool Move(long id, long other, bool after)
    {
        var isMoved = store.Move(id, other, after);
        events.Reset();
        return isMoved;
    }

    /// <summary>Has a video that waits made before all others.</summary>
    public void PutFirst(long id)
    {
        store.PutFirst(id);
        events.Tell(id, only: JobState.Queued);
    }

    /// <summary>How many videos that a caller sees are in each state.</summary>
    public JobCounts Counts(Caller caller) => store.Counts(caller.Only);

    /// <summary>Some of the videos that a caller sees.</summary>
    public IReadOnlyList<Job> Page(JobPage page, Caller caller) => store.Page(page with { Owner = caller.Only });

    /// <summary>The file of a video that is done.</summary>
    /// <exception cref="ApiException">It is not, or its file is gone.</exception>
    public string FileOf(Job job)
    {
        if (job.State != JobState.Succeeded)
        {
            throw new ApiException(
                404,
                "not_ready",
                job.State is JobState.Queued or JobState.Running
                    ? "The video is not done yet: wait until its status is completed."
                    : "The video failed, so there is no file: its error says why."
            );
        }

        var path = store.Folder.Artifact(job.Output);
        return File.Exists(path)
            ? path
            : throw ApiException.NotFound("The video's file is gone: somebody deleted it from the server's folder.");
    }

    /// <summary>Plans a video: checks it against the model, and settles what it leaves open. Nothing is queued.</summary>
    /// <exception cref="InvalidRequestException">It cannot be made.</exception>
    /// <exception cref="ApiException">The model is another, or not to be had.</exception>
    public async Task<NewJob> PlanAsync(VideoRequest request, CancellationToken cancellationToken)
    {
        var backend = await OpenAsync(cancellationToken).ConfigureAwait(false);
        ServedModel.Require(options, request.Model, backend.Model);
        var extension = request.Format ?? backend.Format ?? options.Format;
        var planner = PlannerOf(backend, extension, wildcards: null);
        formats.Require(extension);
        var entry = request.Entry with { Output = (request.Id ?? VideoId.New()) + extension };
        await backend.Jobs.RequireFormatAsync(backend.Jobs.FormatFor(extension), cancellationToken).ConfigureAwait(false);
        var job = await planner.PlanAsync(entry, number: 1, cancellationToken).ConfigureAwait(false);
        return job with
        {
            Details = (
                Details(backend.Model) with
                {
                    RequestSha256 = request.Sha256,
                    RemixedFrom = request.RemixedFrom,
                    Source = request.Source,
                    User = request.User,
                    Workflow = request.Workflow,
                    Prompt = PromptOf(job, request.Entry),
                }
            ).ToJson(),
        };
    }

    private BatchPlanner PlannerOf(BatchBackend backend, string extension, PromptExpander? wildcards) =>
        new(KeptPictures.Of(backend, options), _styles.Value, backend.Model, extension)
        {
            Wildcards = wildcards,
            Check = PlainNames.Require,
        };

    /// <summary>What was asked for before a style framed it; null where none did.</summary>
    private static string? PromptOf(NewJob job, BatchEntry entry) => job.Style is null ? null : entry.Request.Prompt;

    private VideoDetails Details(string model) =>
        new() { CreatedAt = host.Options.Clock.GetUtcNow().ToUnixTimeMilliseconds(), Model = model };

    private bool IsCached(Job job) => IsCached(job.ResultKey, job.Output);

    private bool IsCached(string? key, string output) =>
        key is not null && results.Cache?.Contains(key, Path.GetExtension(output).ToLowerInvariant()) == true;

    private async ValueTask<BatchBackend> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await holder.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidRequestException exception)
        {
            // of the server's own settings, not of the client's request
            throw new ApiException(503, "unavailable", $"The server cannot open its model: {ClientText.Of(exception.Message)}");
        }
    }

    private static Job Same(Job there, string? sha256) =>
        VideoDetails.FromJson(there.Details)?.RequestSha256 == sha256 ? there : throw ApiException.KeyReused();
}
