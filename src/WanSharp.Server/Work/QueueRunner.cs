using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Models;
using WanSharp.Server.Telemetry;
using WanSharp.Tensors;

namespace WanSharp.Server.Work;

/// <summary>Makes what is in the queue, as long as the server runs.</summary>
internal sealed class QueueRunner(
    ServerOptions options,
    WanHost host,
    JobStore store,
    BackendHolder holder,
    OpenedResults results,
    JobEvents events,
    ServerMetrics metrics,
    QueueSwitch pause
) : IProgress<JobEvent>
{
    /// <summary>How long to wait after something that no job can help: a full disk, a model that is gone.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Why nothing is made at present; null while all is well.</summary>
    public string? Trouble
    {
        get;
        private set
        {
            field = value;
            metrics.SetReady(value is null);
        }
    }

    /// <summary>Whether the server stops: nothing new is taken.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Runs until it is stopped; jobs that run then go back into the queue with what is saved of them.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = cancellationToken.Register(() => IsStopping = true);
        try
        {
            while (true)
            {
                await RunOnceAsync(cancellationToken).ConfigureAwait(false);
                await Task.Delay(Pause, host.Options.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // stopped
        }
    }

    /// <summary>Tells what happens to jobs, and sees from it whether videos can be made again.</summary>
    public void Report(JobEvent value)
    {
        events.Report(value);
        if (value.Kind == JobEventKind.Succeeded)
        {
            Trouble = null;
        }
        else if (value.Kind is JobEventKind.Failed or JobEventKind.Cancelled or JobEventKind.Removed)
        {
            Recover();
        }
    }

    /// <summary>Forgets the trouble if nothing waits that would show it again: else only a video that is made ends it.</summary>
    private void Recover()
    {
        if (Trouble is not null && !store.HasWork())
        {
            Trouble = null;
        }
    }

    /// <summary>Runs until it is stopped, or until nothing can run.</summary>
    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!options.Warm && Trouble is null)
            {
                await store.WaitForWorkAsync(cancellationToken).ConfigureAwait(false);
            }

            var backend = await holder.OpenAsync(cancellationToken).ConfigureAwait(false);
            Recover();
            var runner = new JobRunner(
                store,
                KeptPictures.Of(backend, options),
                new JobRunnerOptions
                {
                    Concurrency = backend.Concurrency,
                    Attempts = options.Attempts,
                    Results = results.Cache,
                    AcceptsReused = options.Backend.Reuse == ReuseMode.Similar,
                    ReadSettings = backend.ReadSettings,
                    Events = this,
                    WaitsForMore = true,
                    MayStart = () => !pause.IsOn,
                    Preview = events.ShowAsync,
                    Clock = host.Options.Clock,
                }
            );
            await runner.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && IsTrouble(exception))
        {
            if (Trouble != exception.Message)
            {
                host.Options.Notice?.Invoke($"nothing can be made now: {exception.Message} Trying again.");
            }

            Trouble = exception.Message;
            if (exception.InnerException is ModelChangedException)
            {
                await holder.CloseAsync().ConfigureAwait(false);
            }
        }
    }

    private static bool IsTrouble(Exception exception) =>
        exception
            is BackendUnavailableException
                or JobStoreException
                or CheckpointException
                or InvalidRequestException
                or IOException
                or UnauthorizedAccessException
                or InvalidDataException
                or Runtime.OrtException
                or Runtime.OrtLibraryException;
}
