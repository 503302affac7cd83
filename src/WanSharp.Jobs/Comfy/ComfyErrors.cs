namespace WanSharp.Jobs.Comfy;

/// <summary>A server does not answer, or not as ComfyUI does: another may.</summary>
internal sealed class ServerLostException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>A server does not take a workflow: a node or a model that it does not have, a value out of range.</summary>
internal sealed class PromptRefusedException(string message) : IOException(message);

/// <summary>A node failed.</summary>
internal sealed class NodeFailedException(string message, bool isOutOfMemory) : IOException(message)
{
    public bool IsOutOfMemory { get; } = isOutOfMemory;
}

/// <summary>Somebody stopped the job at its server.</summary>
internal sealed class InterruptedAtServerException(string message) : IOException(message);
