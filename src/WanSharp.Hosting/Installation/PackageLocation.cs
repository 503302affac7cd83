namespace WanSharp.Hosting.Installation;

/// <summary>Where a package is, and what it must be.</summary>
/// <param name="Address">Its file or address.</param>
/// <param name="Sha512">The SHA-512 that the source promises, in base 64; null when it promises none.</param>
internal sealed record PackageLocation(Uri Address, string? Sha512);
