using System.Net;
using System.Net.Sockets;

namespace WanSharp.Testing;

/// <summary>An address where nobody listens, and nobody else can while it is held: whoever connects is refused.</summary>
public sealed class UnusedPort : IDisposable
{
    private readonly Socket _held = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };

    public UnusedPort() => _held.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_held.LocalEndPoint!).Port}");

    public void Dispose() => _held.Dispose();
}
