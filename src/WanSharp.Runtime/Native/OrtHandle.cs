using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

/// <summary>Owns one native object, and keeps alive whatever that object points into.</summary>
/// <remarks>A kind of object is a class derived from this one, so that the compiler tells them apart.</remarks>
internal abstract class OrtHandle : SafeHandle
{
    private readonly SafeHandle[] _dependencies;

    /// <summary>Takes ownership of an object.</summary>
    /// <param name="api">The library that made it.</param>
    /// <param name="pointer">The object.</param>
    /// <param name="dependencies">What must outlive it: an environment, the memory of a tensor.</param>
    protected OrtHandle(OrtApi api, nint pointer, params SafeHandle[] dependencies)
        : base(0, ownsHandle: true)
    {
        Api = api;
        _dependencies = dependencies;
        foreach (var dependency in dependencies)
        {
            var added = false;
            dependency.DangerousAddRef(ref added);
        }

        SetHandle(pointer);
        api.CountObject(1);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Held while the object is released; null for an object that may go at any time.</summary>
    public Lock? Turn { get; init; }

    /// <summary>The library that made the object.</summary>
    public OrtApi Api { get; }

    /// <summary>The object, while the caller knows that this handle stays open (its own local, or under a lease).</summary>
    public nint Pointer => DangerousGetHandle();

    /// <summary>Keeps the object alive until the lease is disposed, whoever disposes the handle meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    public Lease Hold() => new(this);

    /// <summary>Waits for a turn, which ends with the scope; null if there is nothing to wait for.</summary>
    public static Lock.Scope Take(Lock? turn) => turn is null ? default : turn.EnterScope();

    protected sealed override bool ReleaseHandle()
    {
        using (Take(Turn))
        {
            ReleaseObject();
        }

        Api.CountObject(-1);
        foreach (var dependency in _dependencies)
        {
            dependency.DangerousRelease();
        }

        return true;
    }

    /// <summary>Calls the library's release function for this kind of object.</summary>
    protected abstract void ReleaseObject();

    /// <summary>A reference on an open handle.</summary>
    public readonly ref struct Lease : IDisposable
    {
        private readonly OrtHandle _handle;

        public Lease(OrtHandle handle)
        {
            var added = false;
            handle.DangerousAddRef(ref added);
            _handle = handle;
        }

        /// <summary>The object.</summary>
        public nint Pointer => _handle.DangerousGetHandle();

        public void Dispose() => _handle.DangerousRelease();
    }
}
