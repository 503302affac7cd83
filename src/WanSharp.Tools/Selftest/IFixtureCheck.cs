namespace WanSharp.Tools.Selftest;

/// <summary>Runs one kind of fixture.</summary>
internal interface IFixtureCheck
{
    /// <summary>Whether this check runs a fixture, by its kind.</summary>
    bool Handles(Fixture fixture);

    /// <summary>Runs the fixture and compares what comes out.</summary>
    Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken);
}
