using WanSharp.Engine.Requests;
using WanSharp.Runtime;

namespace WanSharp.Tools.Optimize;

/// <summary>A way to make clips: choices of levers, in the order of their names. No choice is the model's own way.</summary>
internal sealed class Way
{
    private Way(IReadOnlyList<LeverChoice> choices) => Choices = choices;

    /// <summary>The model's own.</summary>
    public static Way Own { get; } = new([]);

    public IReadOnlyList<LeverChoice> Choices { get; }

    /// <summary>What tells it from others.</summary>
    public string Key => string.Join(", ", Choices);

    /// <summary>What networks compute in; null for what is usual on the device.</summary>
    public Precision? Precision => Choices.Select(choice => choice.Precision).FirstOrDefault(precision => precision is not null);

    /// <summary>With one choice more; null where its lever is set already, or the choices do not go together.</summary>
    public Way? With(LeverChoice choice)
    {
        if (
            Choices.Any(one => one.Lever == choice.Lever)
            || (choice.IsWhole && Choices.Any(one => !LeverChoice.GoesWith.Contains(one.Lever)))
            || (Choices.Any(one => one.IsWhole) && !LeverChoice.GoesWith.Contains(choice.Lever))
        )
        {
            return null;
        }

        return new Way([.. Choices.Append(choice).OrderBy(one => one.Lever, StringComparer.Ordinal)]);
    }

    /// <summary>Whether all of another way's choices are this one's, too.</summary>
    public bool Includes(Way other) => other.Choices.All(Choices.Contains);

    /// <summary>A clip's settings in this way.</summary>
    public ClipSettings Settings(ClipSettings asked) => Choices.Aggregate(asked, (settings, choice) => choice.Apply(settings));
}
