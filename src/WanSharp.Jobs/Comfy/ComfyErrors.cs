namespace WanSharp.Jobs.Comfy;

/// <summary>Trouble of a server, whatever the job: it does not answer, or not as ComfyUI does.</summary>
internal sealed class ServerLostException(string message, bool isWorthWaiting, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Whether it may be over by itself, as a restart is; a wrong address or a missing sign-in is not.</summary>
    public bool IsWorthWaiting { get; } = isWorthWaiting;
}

/// <summary>What a server says of one job, which says nothing of other jobs: another server may make it.</summary>
internal abstract class JobAtServerException(string message) : FailedElsewhereException(message);

/// <summary>
/// A server does not take a job: a node or a model that it does not have, a value out of range, a picture that is too large.
/// </summary>
internal sealed class JobRefusedException(string message) : JobAtServerException(message);

/// <summary>A node failed, or the job hung.</summary>
internal sealed class NodeFailedException(string message, bool isOutOfMemory) : JobAtServerException(message)
{
    public bool IsOutOfMemory { get; } = isOutOfMemory;
}

/// <summary>A server no longer has the file that it says a node wrote.</summary>
internal sealed class ClipGoneException(string message) : JobAtServerException(message);

/// <summary>Somebody stopped the job at its server.</summary>
internal sealed class InterruptedAtServerException(string message) : FailedElsewhereException(message);
