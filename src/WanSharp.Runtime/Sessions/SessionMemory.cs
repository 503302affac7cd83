using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// Where the values of a provider's sessions are between runs. Networks place weights once and pass values from run to
/// run; on the host that costs nothing, on a device it is what keeps the bus free.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal abstract class SessionMemory : IDisposable
{
    /// <summary>Held around every call that reaches the device; null where calls may overlap.</summary>
    public Lock? Turn { get; protected init; }

    /// <summary>The tensor's elements where runs find them: the tensor itself on the host, a copy on a device.</summary>
    /// <remarks>The tensor must live as long as the value; disposing the value leaves the tensor.</remarks>
    public abstract RuntimeValue Place(Tensor tensor, CancellationToken cancellationToken);

    /// <summary>Memory for a run's output; its elements mean nothing yet.</summary>
    public abstract RuntimeValue Allocate(DType dtype, Shape shape, CancellationToken cancellationToken);

    /// <summary>A value of the wanted shape, kept from call to call while the shape stays.</summary>
    public RuntimeValue Buffer(ref RuntimeValue? buffer, Shape shape, CancellationToken cancellationToken)
    {
        if (buffer?.Shape != shape)
        {
            buffer?.Dispose();
            buffer = null;
            buffer = Allocate(DType.F32, shape, cancellationToken);
        }

        return buffer;
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}
