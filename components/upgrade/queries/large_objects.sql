SELECT format('%%s large objects', count(*)),
       'remove those that nobody refers to (vacuumlo), or plan for hours and a larger class'
FROM pg_largeobject_metadata HAVING count(*) >= %(large_objects)s
