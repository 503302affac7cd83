using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Jobs;

/// <summary>Makes the clips of jobs: the engine in this process, or servers. Thread-safe: jobs overlap.</summary>
public interface IJobBackend : IAsyncDisposable
{
    /// <summary>The backend as users know it: "local", "comfy".</summary>
    string Name { get; }

    /// <summary>The formats that it can write, as extensions with dots. Default: those of the engine.</summary>
    IReadOnlyList<string> Formats => OutputTarget.Formats;

    /// <summary>The format that clips get which are asked for in another: the same, where it can be written here.</summary>
    /// <param name="extension">The format that is asked for, as an extension with its dot.</param>
    string FormatFor(string extension) => extension;

    /// <summary>Checks a request and says what it shares with others. Computes nothing; reads the images that it names.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The request cannot be made; the message names the nearest that can.</exception>
    ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken);

    /// <summary>Finds out whether clips can be written in a format, before any is computed.</summary>
    /// <param name="extension">The format, as an extension with its dot, lower case.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">No clip of this backend is of that format.</exception>
    /// <exception cref="IOException">The program that would write it cannot.</exception>
    ValueTask RequireFormatAsync(string extension, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Makes a clip: when the task ends, the file is at <see cref="JobRun.ArtifactPath"/>, whole.</summary>
    /// <param name="run">The attempt.</param>
    /// <param name="cancellationToken">Stops within a step; what is saved stays for the next attempt.</param>
    /// <returns>What it took; <see cref="JobOutcome.FromCache"/> is the runner's to set.</returns>
    /// <exception cref="InvalidRequestException">The request cannot be made: the job fails at once.</exception>
    /// <exception cref="BackendUnavailableException">Nothing can be made at present: the run stops and the job stays in the
    /// queue.</exception>
    /// <remarks>Any other exception is an attempt that failed; its message is kept with the job.</remarks>
    Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken);

    /// <summary>Says that a job is in the queue: a backend that compiles may do so while it has nothing else to do.</summary>
    /// <param name="request">The job's request.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Ends at once; nothing is waited for.</returns>
    ValueTask ExpectAsync(JobRequest request, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
