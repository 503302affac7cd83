using System.Threading.Channels;

namespace WanSharp.Server.Events;

/// <summary>A listener's place.</summary>
/// <param name="reader">What happens from now on; ends when the listener is let go.</param>
/// <param name="missed">What happened since it last listened.</param>
/// <param name="isWhole">Whether that is all that it missed.</param>
/// <param name="leave">Ends the listening.</param>
internal sealed class EventSubscription(ChannelReader<ServerEvent> reader, IReadOnlyList<ServerEvent> missed, bool isWhole, Action leave)
    : IDisposable
{
    public ChannelReader<ServerEvent> Reader { get; } = reader;

    public IReadOnlyList<ServerEvent> Missed { get; } = missed;

    public bool IsWhole { get; } = isWhole;

    public void Dispose() => leave();
}
